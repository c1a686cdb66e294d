"""Redirect URLs as people type and paste them: with spaces around, in capitals, several at a time."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from common import url_parts
from oauthapps.errors import InvalidRedirectURLError

MAX_REDIRECT_URLS = 50
TOO_MANY = f"An application can have at most {MAX_REDIRECT_URLS} Redirect URLs."

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")  # RFC 3986 section 2
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED_TRICK = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff]|5[Cc])")  # control characters and the backslash
_WEB_START = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
# Another URL in a query belongs to it where it is a parameter's value or name.
_ANOTHER_IN_QUERY = re.compile(r"[^=&]https?://|[,;][a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_NEXT = re.compile(r"(?<=[\s,;])[a-z][a-z0-9+.-]*:/|(?<![=&?\s,;])https?://", re.IGNORECASE)
_SEPARATORS = " \t\r\n,;"


def tidy(text: str) -> str:
    """Write one URL as it is stored.

    Args:
        text: the URL as entered.

    Returns:
        The URL without white space around it; of a web URL, scheme and host are in lower case, as
        browsers and URL libraries send them (RFC 3986 section 6.2.2.1). Nothing else is changed.
    """
    url = text.strip()
    start = _WEB_START.match(url)
    return f"{start[0].lower()}{url[start.end() :]}" if start else url


def holds_several(text: str) -> bool:
    """Tell whether a text is several URLs in a row: with something between them, or nothing."""
    parts = url_parts.split(text.strip())
    return (
        "://" in f"{parts.authority or ''}{parts.path}"
        or ":/" in parts.path
        or _ANOTHER_IN_QUERY.search(f"&{parts.query or ''}") is not None
    )


def separate(text: str) -> list[str]:
    """Take several URLs apart that were entered as one.

    Args:
        text: what stands in one field.

    Returns:
        The URLs, without what stood between them; the text alone where it is one URL, or where
        nobody can tell at which place the next one begins.
    """
    if not holds_several(text):
        return [text]
    starts = [0, *(match.start() for match in _NEXT.finditer(text))]
    parts = (text[start:end].strip(_SEPARATORS) for start, end in pairwise([*starts, len(text)]))
    return [part for part in parts if part]


def check_characters(url: str) -> None:
    """Judge whether a text has only what a URL has, and no more than one.

    Raises:
        InvalidRedirectURLError: with the exact reason (RFC 3986 section 2).
    """
    for is_wrong, reason in _CHARACTER_CHECKS:
        if is_wrong(url):
            raise InvalidRedirectURLError(reason)
    if not url.isascii():
        raise InvalidRedirectURLError(_ascii_advice(url))
    if not _URI_CHARACTERS.fullmatch(url) or _STRAY_PERCENT.search(url):
        raise InvalidRedirectURLError(
            "This URL has a character that must be percent-encoded, such as %22 for a quotation mark."
        )


def check_number(urls: Sequence[str]) -> None:
    """Judge how many Redirect URLs an application would have.

    Raises:
        InvalidRedirectURLError: if there are more than `MAX_REDIRECT_URLS`.
    """
    if excess := max(0, len(urls) - MAX_REDIRECT_URLS):
        raise InvalidRedirectURLError(f"{TOO_MANY} Remove {excess}.")


def _ascii_advice(url: str) -> str:
    parts = url_parts.split(url)
    authority = url_parts.split_authority(parts.authority or "")
    if authority is None or authority.host.isascii():
        return "Percent-encode the characters of this URL that are not ASCII, such as %C3%BC for ü."
    return f"Write the host in its ASCII form: {url_parts.punycode(authority.host)}."


_CHARACTER_CHECKS: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda url: not url, "Enter the URL people are sent to, beginning with https://."),
    (url_parts.is_too_long, "This URL is longer than 2,048 bytes: use a shorter one."),
    (holds_several, "Enter each URL on its own: this looks like several. A :// in one is %3A%2F%2F."),
    (url_parts.has_space_or_control, "Remove the space or invisible character from this URL."),
    (lambda url: "\\" in url, "Use forward slashes: a backslash is not allowed."),
    (lambda url: "*" in url, "Register each URL in full: a wildcard (*) is not allowed."),
    (_ENCODED_TRICK.search, "Remove the encoded control character or backslash from this URL."),
)
