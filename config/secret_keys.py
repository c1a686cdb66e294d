"""Former secret keys: what was signed or encrypted with them is still read for a while."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from common.former_keys import read_former_keys
from config import env


@dataclass(frozen=True, kw_only=True)
class FormerKeys:
    """Keys that were replaced.

    Attributes:
        accepted: those whose signatures are accepted still, the latest first.
        expired: those that only second factors are read with, until they are encrypted anew.
    """

    accepted: list[str] = field(repr=False)
    expired: list[str] = field(repr=False)


def former_keys(file: Path) -> FormerKeys:
    """Return the keys of SECRET_KEY_FALLBACKS, which spaces separate, and those that a file has.

    Raises:
        ImproperlyConfigured: when one of them is no secret, or the file cannot be read as one of keys.
    """
    given = env.text("SECRET_KEY_FALLBACKS").split()
    for key in given:
        if weakness := env.weakness_of(key):
            raise ImproperlyConfigured(f"Each key of SECRET_KEY_FALLBACKS {weakness}")
    try:
        kept = read_former_keys(file)
    except ValueError as error:
        raise ImproperlyConfigured(f"{file} has a line that is no time and key") from error
    now = datetime.now(UTC)
    return FormerKeys(
        accepted=given + [each.key for each in kept if each.until > now],
        expired=[each.key for each in kept if each.until <= now],
    )
