"""Recovery codes: encrypted until their owner has seen them, once; from then on only digests are left.

django-allauth makes them, and would keep them readable for as long as they last. A digest is salted and slow
(RFC 7914), because a code has only 16 digits. It does not depend on SECRET_KEY, so that the codes are still
good when that was changed.
"""

import secrets
import time
from hashlib import scrypt
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.db import transaction

from accounts.models import User

SALT_BYTES = 16
BLOCK_SIZE = 8


def digested(codes: list[str]) -> dict[str, Any]:
    """Return what is kept of a set of codes that its owner has seen."""
    salt = secrets.token_hex(SALT_BYTES)
    digests = [digest(code, salt) for code in codes]
    return {"salt": salt, "digests": digests, "used_mask": 0, "viewed_at": time.time()}


def digest(code: str, salt: str) -> str:
    """Return the digest of one code.

    Args:
        code: its digits, nothing else.
        salt: in hexadecimal.
    """
    cost = settings.RECOVERY_CODE_COST
    return scrypt(code.encode(), salt=bytes.fromhex(salt), n=cost, r=BLOCK_SIZE, p=1).hex()


def show_once(user: User) -> list[str] | None:
    """Return somebody's codes for the only time, and keep digests of them; None where they were shown before.

    Raises:
        Authenticator.DoesNotExist: when the person has no codes.
        UnreadableError: when SECRET_KEY is not the one they were made under.
    """
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    if "digests" in row.data:
        return None
    codes: list[str] = RecoveryCodes(row).generate_codes()
    kept = digested(codes)  # takes half a second: no transaction waits for it
    unseen = Authenticator.objects.filter(pk=row.pk).exclude(data__has_key="digests")
    if not unseen.update(data=kept):
        return None
    return [grouped(code) for code in codes]


def grouped(code: str) -> str:
    """Return a code as it is shown, in groups of four digits."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def accept(row: Authenticator, code: str) -> bool:
    """Take one of a set of codes; return whether it is right and was not used before.

    Codes that nobody has seen yet are not accepted, and a code of an authenticator app costs no digest.
    """
    if "digests" not in row.data or len(code) == app_settings.TOTP_DIGITS:
        return False
    wanted = digest(code, row.data["salt"])
    with transaction.atomic():
        now = Authenticator.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
        if now is None or wanted not in now.data["digests"]:
            return False
        place = 1 << now.data["digests"].index(wanted)
        if now.data["used_mask"] & place:
            return False
        now.data["used_mask"] |= place
        now.save(update_fields=["data"])
    return True
