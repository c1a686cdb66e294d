"""What stands between a right password and being signed in, besides second factors."""

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect


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
