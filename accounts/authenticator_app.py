"""Setting up an authenticator app (TOTP, RFC 6238)."""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import InvalidToken
from django import forms


class AuthenticatorAppForm(ActivateTOTPForm):
    """Takes the first code of a new app.

    Until then the app's secret waits in the session, which is a row of the database: there it is encrypted,
    as it will be when in use. django-allauth would put it there in clear.
    """

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="The six digits that the app shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            self.secret = _readable(self.secret)
        context.request.session[SECRET_SESSION_KEY] = encrypt(self.secret)

    def clean_code(self) -> str:
        """Return the code, now used up: nobody signs in with it as well (RFC 6238 section 5.2)."""
        code: str = super().clean_code()
        TOTP(Authenticator(user=self.user))._mark_code_used(code)
        return code


def _readable(waiting: str) -> str:
    """Return the secret that waited in the session; one that was made this moment is readable already."""
    try:
        return str(decrypt(waiting))
    except InvalidToken:
        return waiting
