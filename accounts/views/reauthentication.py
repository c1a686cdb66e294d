"""Confirming that it is still you: with a second factor where there is one, otherwise with the password."""

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateWithCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.sessions.current import renew_session


class RenewsSession:
    """A way to confirm that it is you, after which the session has another id (ASVS 7.2.4)."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        """Record that the person proved who they are, and go on with what they asked for."""
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        renew_session(self.request)
        return answer


class PasswordAgainView(RenewsSession, ReauthenticateView):
    """The password once more; the adapter offers it to nobody who has a second factor."""


class CodeAgainView(RenewsSession, ReauthenticateWithCodeView):
    """A code of the authenticator app, or a recovery code."""


class PasskeyAgainView(RenewsSession, ReauthenticateWebAuthnView):
    """Showing a passkey."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Ask once more, on the way to the same place."""
        for error in form.errors["credential"]:
            messages.error(self.request, error)
        return redirect(self.passthrough_next_url(self.request.path))


password_again = PasswordAgainView.as_view()
code_again = CodeAgainView.as_view()
passkey_again = PasskeyAgainView.as_view()
