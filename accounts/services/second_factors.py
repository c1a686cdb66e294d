"""What a person can prove themselves with beside their password."""

import unicodedata
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.models import User
from common.words import counted

# Unicode categories of what apps, pages and keyboards put between digits: spaces, dashes, invisible marks.
BETWEEN = ("Z", "P", "C")


@dataclass(frozen=True, kw_only=True)
class SecondFactors:
    """What a person can prove themselves with beside their password.

    Attributes:
        passkeys: how many there are.
        has_app: whether an authenticator app is set up.
        codes_left: how many recovery codes have not been used; None where there are none.
    """

    passkeys: int
    has_app: bool
    codes_left: int | None

    @property
    def are_on(self) -> bool:
        """Whether a password alone is not enough to sign in."""
        return bool(self.passkeys) or self.has_app

    @property
    def take_a_code(self) -> bool:
        """Whether a code, of an app or for recovery, can be typed in the place of a passkey."""
        return self.has_app or bool(self.codes_left)

    @property
    def ways_in_words(self) -> str:
        """What the person can do after the password, all of it, in a sentence."""
        codes = ["the 6-digit code from your authenticator app"] * self.has_app
        codes += ["a recovery code"] * bool(self.codes_left)
        ways = ["use a passkey"] * bool(self.passkeys)
        ways += [f"enter {' or '.join(codes)}"] * bool(codes)
        sentence = ", or ".join(ways)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    @property
    def passkeys_in_words(self) -> str:
        """How many passkeys there are, such as "2 passkeys"."""
        return counted(self.passkeys, "passkey")

    @property
    def codes_in_words(self) -> str:
        """How many recovery codes are left, such as "8 of 10 left"."""
        return f"{self.codes_left} of {settings.MFA_RECOVERY_CODE_COUNT} left"


def second_factors_of(user: User) -> SecondFactors:
    """Count a person's second factors, in one statement."""
    rows = list(Authenticator.objects.filter(user=user))
    types = [row.type for row in rows]
    masks = [row.data["used_mask"] for row in rows if row.type == Authenticator.Type.RECOVERY_CODES]
    return SecondFactors(
        passkeys=types.count(Authenticator.Type.WEBAUTHN),
        has_app=Authenticator.Type.TOTP in types,
        codes_left=settings.MFA_RECOVERY_CODE_COUNT - masks[0].bit_count() if masks else None,
    )


def plain_code(typed: str) -> str:
    """Return a code without what stands between its digits, which may be of any script."""
    kept = (sign for sign in typed if not unicodedata.category(sign).startswith(BETWEEN))
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in kept)
