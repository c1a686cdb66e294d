"""Codes of authenticator apps (TOTP, RFC 6238): which is right, and that each is good once."""

import time
from hmac import compare_digest

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.cache import cache

from accounts.models import User

# The code may change while it is typed and sent: the one before is still right (RFC 6238 section 5.2).
STEPS_BACK = 1


def step_of(secret: str, code: str) -> int | None:
    """Return the time step whose code this is, the present one or the one before; None where it is neither.

    Args:
        secret: the app's secret, in base32.
        code: what was typed; of a right one its digits, nothing else.
    """
    now = int(time.time()) // app_settings.TOTP_PERIOD
    steps = range(now, now - STEPS_BACK - 1, -1)
    typed = code.encode()  # of texts, compare_digest takes ASCII alone
    codes = ((step, format_hotp_value(hotp_value(secret, step)).encode()) for step in steps)
    return next((step for step, right in codes if compare_digest(right, typed)), None)


def use_up(user: User, step: int) -> bool:
    """Record that the code of a time step was used; return whether this was the first time.

    It is remembered for as long as the code is right: django-allauth forgets it after 30 seconds.
    """
    seconds = (STEPS_BACK + 2) * app_settings.TOTP_PERIOD
    return bool(cache.add(f"totp:{user.pk}:{step}", True, seconds))


def accept(app: Authenticator, code: str) -> bool:
    """Take a code of somebody's app; return whether it is right and was not used before.

    Raises:
        UnreadableError: when SECRET_KEY is not the one the app was set up under.
    """
    step = step_of(decrypt(app.data["secret"]), code)
    return step is not None and use_up(app.user, step)
