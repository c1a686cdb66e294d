"""What stands between a right password and being signed in, besides second factors."""

import logging

from allauth.account.authentication import get_authentication_records
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.adapters.provider_logins import SECOND_FACTOR, link_in_the_end
from accounts.sessions.provider_sessions import METHOD

NOT_LINKED = "Your account couldn't be linked. Sign in again."
TOO_LATE = (
    "more than 10 minutes had passed, somebody else has it linked by now, or its provider isn't enabled."
)
log = logging.getLogger("gatehouse.sign_in")


class SecondFactorStage(AuthenticateStage):
    """Asks for a second factor, unless an identity provider has checked one that counts here."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return not self.login.state.get(SECOND_FACTOR) and bool(super()._should_handle(request))


class FirstPasswordStage(LoginStage):
    """Asks for a new password where somebody else knows the present one.

    Nobody is signed in before that. Where the sign-in was to lead is kept with it, such as an authorization
    request.
    """

    key = "first_password"
    urlname = "first-password"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Return the page to go to, if any, and that the sign-in goes on.

        People who signed in with a provider didn't use the password that somebody else knows.
        """
        records = get_authentication_records(self.request, self.login.user)
        has_identity_alone = {record["method"] for record in records} == {METHOD}
        must_change: bool = self.login.user.must_change_password and not has_identity_alone
        return redirect(self.urlname) if must_change else None, True


class LinkIdentityStage(LoginStage):
    """Links an account once its person has passed everything that a sign-in with a password needs."""

    key = "link_identity"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Return where to go if it cannot be linked, and whether the sign-in goes on."""
        if link_in_the_end(self.request, self.login):
            return None, True
        log.warning("An account was not linked to %s: %s", self.login.user.username, TOO_LATE)
        messages.error(self.request, NOT_LINKED)
        return redirect("account_login"), False
