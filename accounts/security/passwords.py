"""Which passwords are taken: how long they may be, and how hard to guess they have to be."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import Organization, User

# Longer than any that a person or a password manager makes up.
LONGEST_PASSWORD = 4096
# Of four: it takes 100 million guesses or more. Two is what a word, a digit and a symbol reach.
LEAST_SCORE = 3
# What comes after so many characters makes an estimate take long and changes nothing.
ESTIMATED_CHARACTERS = 100
SHORTEST_KNOWN_WORD = 3
TOO_EASY = "This password is too easy to guess."
# What all validators want, in the place of their own sentences, which say the same more than once.
RULES = (
    "Use at least 8 characters. Avoid common passwords, names, and dates, even with a digit or symbol added. "
    "Words that name you or your organization don't count."
)


class MaximumLengthValidator:
    """Refuses a password that could not be typed to sign in."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        """Judge a password.

        Raises:
            ValidationError: when it has more than LONGEST_PASSWORD characters.
        """
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(f"Use a password of at most {LONGEST_PASSWORD} characters.")

    def get_help_text(self) -> str:
        """Return what people are told before they choose."""
        return f"Use at most {LONGEST_PASSWORD} characters."


class StrengthValidator:
    """Refuses a password that is easy to guess, above all for who knows the person and this installation.

    zxcvbn estimates how many guesses it takes (Wheeler, USENIX Security 2016). Its dictionaries take 8 MB, so
    that they are loaded when a password is first judged.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Judge a password.

        Raises:
            ValidationError: when it is too easy to guess, with advice that does not repeat it.
        """
        from zxcvbn_rs_py import zxcvbn  # noqa: PLC0415

        words = known_words(user)
        judged = without(words, password[:ESTIMATED_CHARACTERS])
        estimate = zxcvbn(judged, words)
        if int(estimate.score) >= LEAST_SCORE:
            return
        feedback = estimate.feedback
        advice = [feedback.warning, *feedback.suggestions] if feedback else []
        sentences = [TOO_EASY, *[str(part) for part in advice if part is not None]]
        if len(judged) < len(password[:ESTIMATED_CHARACTERS]):
            sentences.insert(
                1, f"Words that name you, your organization or {settings.PRODUCT_NAME} don't count."
            )
        raise ValidationError(" ".join(sentences), code="password_too_weak")

    def get_help_text(self) -> str:
        """Return what people are told before they choose."""
        return RULES


def without(words: Sequence[str], password: str) -> str:
    """Return a password without the words that are known: a row of them takes no more guesses than one."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "", password, flags=re.IGNORECASE)


def known_words(user: User | None) -> list[str]:
    """Return what somebody who guesses would try first: words of this installation and of the person."""
    organization = Organization.current()
    host = urlsplit(settings.BASE_URL).hostname or ""
    texts = [settings.PRODUCT_NAME, organization.name, organization.domain, host]
    if user is not None:
        texts += [user.username, user.email, user.name]
    words = [word for text in texts for word in (text, *re.split(r"[\W_]+", text))]
    return list(dict.fromkeys(word.lower() for word in words if len(word) >= SHORTEST_KNOWN_WORD))
