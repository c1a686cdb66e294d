"""What a check of the installation finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from django.conf import settings
from django.db import connection

SHORTEST_SECRET = 4


class Level(IntEnum):
    """How bad something is; as a number, the exit status that monitoring sees."""

    OK = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """The level as it is printed."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One line of a report.

    Attributes:
        level: how bad it is.
        sentence: what is so.
        advice: what to do; empty where there is nothing to do.
        check: which check found it.
    """

    level: Level
    sentence: str
    advice: str = ""
    check: str = ""

    def of(self, check: str) -> "Finding":
        """Return this finding as it is reported: with the name of its check and without secrets."""
        sentence, advice = without_secrets(self.sentence), without_secrets(self.advice)
        return replace(self, check=check, sentence=sentence, advice=advice)


Check = Callable[[], Iterator[Finding]]


def ok(sentence: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, sentence)


def warning(sentence: str, advice: str) -> Finding:
    """Return that somebody should look at something."""
    return Finding(Level.WARNING, sentence, advice)


def error(sentence: str, advice: str) -> Finding:
    """Return that something doesn't work, or lets strangers in."""
    return Finding(Level.ERROR, sentence, advice)


def without_secrets(text: str) -> str:
    """Return a text without the secrets of the settings, which others' error messages may repeat."""
    secrets = (
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        settings.EMAIL_HOST_PASSWORD,
        connection.settings_dict["PASSWORD"],
    )
    for secret in secrets:
        if secret and len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return text
