"""Setting up an authenticator app (TOTP, RFC 6238)."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django import forms

from accounts.security.ciphers import UnreadableError
from accounts.services import totp
from accounts.services.second_factors import plain_code


class AuthenticatorAppForm(ActivateTOTPForm):
    """Takes the first code of a new app.

    Until then the app's secret waits in the session, which is a row of the database: there it is encrypted,
    as it will be when in use. django-allauth would put it there in clear, and make another one whenever the
    page is looked at: an app that was set up from a second tab, or before a reload, would have the wrong one.
    """

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="The 6-digit code that the app shows now.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        waiting = context.request.session.get(SECRET_SESSION_KEY, "")
        super().__init__(*args, **kwargs)  # puts a new secret into the session when the page is looked at
        self.secret = _readable(waiting) or generate_totp_secret()
        context.request.session[SECRET_SESSION_KEY] = encrypt(self.secret)

    def clean_code(self) -> str:
        """Return the code, now used up: nobody signs in with it as well (RFC 6238 section 5.2).

        Raises:
            ValidationError: when it is wrong, or there were too many wrong ones.
        """
        forget_failures = check_rate_limit(self.user, error_key="rate_limited")
        step = totp.step_of(self.secret, plain_code(self.cleaned_data["code"]))
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        totp.use_up(self.user, step)
        forget_failures()
        return str(self.cleaned_data["code"])


def _readable(waiting: str) -> str:
    """Return the secret that waits in the session; nothing where none does, or none that can be read."""
    try:
        return str(decrypt(waiting))
    except UnreadableError:
        return ""
