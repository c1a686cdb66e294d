"""Forms that take a code of an authenticator app or a recovery code: after the password, or once more."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator

from accounts.models import User
from accounts.services import recovery_codes, totp
from accounts.services.second_factors import plain_code

# Recovery codes first: they are good also where the app's secret cannot be read any more.
KINDS = (
    (Authenticator.Type.RECOVERY_CODES, recovery_codes.accept),
    (Authenticator.Type.TOTP, totp.accept),
)


class CodeMixin:
    """Takes a code as people type and paste it, each once."""

    user: User
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Return the code, now used up.

        Raises:
            ValidationError: when it is wrong or was used, or there were too many wrong ones.
            UnreadableError: when it is no recovery code and the app's secret cannot be read.
        """
        forget_failures = check_rate_limit(self.user)
        code = plain_code(self.cleaned_data["code"])
        rows = {row.type: row for row in Authenticator.objects.filter(user=self.user).select_related("user")}
        for kind, accept in KINDS:
            if kind in rows and accept(rows[kind], code):
                self.authenticator = rows[kind]
                forget_failures()
                return code
        if rows:
            self._emit_authentication_failed(next(iter(rows.values())))  # type: ignore[attr-defined]
        raise get_adapter().validation_error("incorrect_code")


class CodeForm(CodeMixin, AuthenticateForm):
    """A code after the password."""


class CodeAgainForm(CodeMixin, ReauthenticateForm):
    """A code before something that asks for one once more."""
