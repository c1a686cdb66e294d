"""What was sent, as sentences repeat it: anybody may have sent it, and it may be a credential."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from oauthapps.rules import credential_values

LONGEST_ECHO = 64
# Random values have capitals and digits anywhere. Each text can be read in one way, or reading it would take
# ages; no separator makes a URL of it.
WORD = "(?:[A-Z][a-z]{1,15}|[a-z]{1,16})[0-9]?"
WORDS = re.compile(f"{WORD}(?:[_,:-]{{1,3}}{WORD})*")
# Scheme and host, without what names a person or what a query says.
ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,100}(?::[0-9]{1,5})?")
LONGEST_SEGMENT = 20
QUOTES = ('"', "'")
# What may have been sent in the place of something else, by what it begins with.
KINDS = {
    credential_values.CLIENT_SECRET_PREFIX: "a client secret",
    credential_values.ACCESS_TOKEN_PREFIX: "an access token",
    credential_values.REFRESH_TOKEN_PREFIX: "a refresh token",
    credential_values.CODE_PREFIX: "an authorization code",
    "eyJ": "a JWT",
}


def repeated(noun: str, names: Sequence[str]) -> str:
    """Return a noun with the names that were sent, where they are harmless."""
    harmless = len(" ".join(names)) <= LONGEST_ECHO and all(map(is_harmless, names))
    return f"{noun} {', '.join(names)}" if harmless else f"requested {noun}"


def is_harmless(name: str) -> bool:
    """Return whether a value is made of words, as `client_credentials` is, so that it is no credential."""
    return bool(WORDS.fullmatch(name)) and not any(prefix in name for prefix in credential_values.PREFIXES)


def named(value: object) -> str:
    """Return what a sentence calls a value that was sent: itself if it is no credential, or what it is like.

    Args:
        value: a text, or whatever else JSON can hold.
    """
    if not isinstance(value, str):
        return "a list" if isinstance(value, list) else "not a text"
    if not value:
        return "empty"
    if len(value) <= LONGEST_ECHO and (is_harmless(value) or is_plain_url(value)):
        return value
    return f"{kind_of(value) or 'a value'} of {len(value)} characters{ending(value)}"


def is_plain_url(value: str) -> bool:
    """Return whether a value is a URL of words, with nothing in it that only its sender knows."""
    found = ORIGIN.match(value)
    segments = value[found.end() :].split("/") if found else []
    return bool(segments) and not segments[0] and all(map(is_plain_segment, segments))


def is_plain_segment(segment: str) -> bool:
    """Return whether a part of a path is short or made of words."""
    is_short = len(segment) <= LONGEST_SEGMENT and re.fullmatch(r"[A-Za-z0-9._-]*", segment)
    return bool(is_short) and (is_harmless(segment) or len(segment) < credential_values.SHORTEST_WITH_HINT)


def kind_of(value: str) -> str:
    """Return what a credential is by what it begins with, with its article; empty where that says nothing."""
    return next((kind for prefix, kind in KINDS.items() if value.strip().startswith(prefix)), "")


def ending(value: str) -> str:
    """Return how a value ends, in words; nothing of one that is short or ends in special characters."""
    hint = credential_values.hint(value)
    return f" ending {hint}" if hint and hint.isascii() and hint.isalnum() else ""


def fault_of_form(value: str) -> str:
    """Return what copying has added to a credential, or nothing; a Basic header may hold it encoded."""
    for reading in (value, unquote(value)):
        if reading != reading.strip():
            return f"has whitespace at its {'end' if reading != reading.rstrip() else 'beginning'}"
        if reading[:1] in QUOTES and reading.endswith(reading[:1]):
            return "is enclosed in quotation marks"
    return ""
