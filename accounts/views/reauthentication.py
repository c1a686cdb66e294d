"""Confirming that it is still you: with a second factor where there is one, otherwise with the password."""

import logging
from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateWithCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import signed_in_user
from accounts.sessions.current import renew_session

log = logging.getLogger("gatehouse.sign_in")


class RenewsSession:
    """A way to confirm that it is you, after which the session has another id (ASVS 7.2.4).

    Attributes:
        proof: what somebody showed, for the log (ASVS 16.3.1).
    """

    request: HttpRequest
    proof: str

    def form_valid(self, form: Any) -> HttpResponse:
        """Record that the person proved who they are, and go on with what they asked for."""
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        renew_session(self.request)
        log.info("%s confirmed who they are: %s.", signed_in_user(self.request).username, self.proof)
        return answer


class PasswordAgainView(RenewsSession, ReauthenticateView):
    """The password once more; the adapter offers it to nobody who has a second factor."""

    proof = "password"


class CodeAgainView(RenewsSession, ReauthenticateWithCodeView):
    """A code of the authenticator app, or a recovery code."""

    proof = "code"


class PasskeyAgainView(RenewsSession, ReauthenticateWebAuthnView):
    """Showing a passkey."""

    proof = "passkey"

    def form_invalid(self, form: Any) -> HttpResponse:
        """Ask once more, on the way to the same place."""
        for error in form.errors["credential"]:
            messages.error(self.request, error)
        return redirect(self.passthrough_next_url(self.request.path))


password_again = PasswordAgainView.as_view()
code_again = CodeAgainView.as_view()
passkey_again = PasskeyAgainView.as_view()
