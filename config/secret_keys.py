"""The secret key, and former ones: what was signed or encrypted with those is still read for a while."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from common.former_keys import read_former_keys
from common.key_file import KeyFile
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
        if weakness := weakness_of(key):
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


def secret_key(file: KeyFile) -> str:
    """Return SECRET_KEY, else the key kept in `file`, or a new draft of one.

    Raises:
        ImproperlyConfigured: when it is too short to be a secret, or is nobody's secret.
    """
    given = env.text("SECRET_KEY")
    key = given or file.read()
    if weakness := weakness_of(key):
        raise ImproperlyConfigured(f"{'SECRET_KEY' if given else file.path} {weakness}")
    return key


def weakness_of(key: str) -> str:
    """Return why a key is no secret, as the rest of a sentence about it; empty where it may be one."""
    if len(key) < 32:  # noqa: PLR2004  # characters; 128 bits even in hexadecimal
        return "must have 32 characters or more"
    if key.startswith("django-insecure-") or len(set(key)) < 8:  # noqa: PLR2004  # characters
        return "must be a random value, not a sample or a repetition"
    return ""
