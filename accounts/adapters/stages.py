"""What stands between a right password and being signed in, besides second factors."""

from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

# Where a sign-in under way (`Login.state`) says that a provider has seen a second factor which counts here.
SECOND_FACTOR = "provider_second_factor"


class SecondFactorStage(AuthenticateStage):
    """Asks for a second factor, unless an identity provider has seen one."""

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
        """Return the page to go to, if any, and that the sign-in goes on."""
        must_change: bool = self.login.user.must_change_password
        return redirect(self.urlname) if must_change else None, True
