"""What may be kept of what a request said: nothing that could be used as a credential.

A credential may be anywhere: mistaken clients put them into parameters that nobody knows, into names and
headers. So only values of parameters known to be harmless are kept, and even in these whatever looks like a
credential is masked. What is masked keeps the prefix that says what it is, and its last four characters.
"""

import re
from collections.abc import Iterable
from itertools import islice

from oauthapps.rules.credential_values import PREFIXES, hint

# Parameters whose values may be kept as far as nothing in them looks like a credential.
HARMLESS = frozenset(
    {
        "audience",
        "client_assertion_type",
        "code_challenge",
        "code_challenge_method",
        "grant_type",
        "nonce",
        "prompt",
        "redirect_uri",
        "requested_token_type",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "subject_token_type",
        "token_type_hint",
    }
)
MOST_PARAMETERS = 30
LONGEST_NAME, LONGEST_VALUE = 40, 200

CLIENT_ID = re.compile("[0-9a-f]{32}")
# One of ours, wherever it stands, also cut short.
OURS = re.compile(f"({'|'.join(PREFIXES)})[A-Za-z0-9_-]+")
# It begins where a word does, or a long text of "ey" would be looked through once for each of them.
JWT = re.compile(r"(?<![A-Za-z0-9_-])ey[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*")
# What has no space or separator in it and is as long as credentials of others are.
LONG = re.compile(r"[A-Za-z0-9_~+/=-]{20,}")
# How parameters are named.
NAME = re.compile(r"[A-Za-z][\w.-]{0,39}", re.ASCII)
WORD = re.compile(r"[A-Za-z]{2,}|\d{1,4}")
# What no database stores as text.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Who is named before the host of a URL, with a password.
USERINFO = re.compile(r"(?<=://)[^/?#\s@]+(?=@)")


def masked(credential: str) -> str:
    """Return a credential without what makes it one: the prefix of ours, and the last four characters.

    Of JWTs nothing is kept but that it is one: their end is a signature.
    """
    if JWT.fullmatch(credential):
        return f"JWT of {len(credential)} characters"
    prefix = next((each for each in PREFIXES if credential.startswith(each)), "")
    return f"{prefix}…{storable(hint(credential))}"


def without_credentials(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return a text in which whatever looks like a credential is masked, cut to a length.

    Args:
        text: anything that a stranger may have sent.
        longest: how many characters may be kept.
    """
    text = storable(text[: 8 * longest])
    text = USERINFO.sub("…", text)
    text = JWT.sub(lambda found: masked(found[0]), text)
    text = OURS.sub(lambda found: masked(found[0]), text)
    text = LONG.sub(lambda found: masked(found[0]) if looks_random(found[0]) else found[0], text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def looks_random(text: str) -> bool:
    """Return whether a long text without spaces is no name or path made of words and small numbers."""
    in_words = sum(len(found) for found in WORD.findall(text) if is_word(found))
    separators = sum(not each.isalnum() for each in text)
    return in_words + separators < len(text)


def is_word(text: str) -> bool:
    """Return whether letters are written as words are, or digits make a small number."""
    return text.isdecimal() or text.islower() or text.isupper() or text.istitle()


def kept_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what may be kept of a request's parameters; of those sent more than once, all values.

    Args:
        pairs: names and values, as they were sent.
    """
    kept: dict[str, str] = {}
    for name, value in islice(pairs, 2 * MOST_PARAMETERS):
        shown = kept_name(name, value)
        text = kept_value(name, value)
        if shown in kept:
            kept[shown] = f"{kept[shown]}, {text}"[:LONGEST_VALUE]
        elif len(kept) < MOST_PARAMETERS:
            kept[shown] = text
    return kept


def kept_name(name: str, value: str) -> str:
    """Return what may be kept of a parameter's name; a body that is no form is a name without a value."""
    is_name = bool(value) and NAME.fullmatch(name)
    return without_credentials(name, LONGEST_NAME) if is_name or name in HARMLESS else masked(name)


def kept_value(name: str, value: str) -> str:
    """Return what may be kept of a parameter's value."""
    if not value or (name == "client_id" and CLIENT_ID.fullmatch(value)):
        return value
    if name in HARMLESS:
        return without_credentials(value)
    return masked(value)


def storable(text: str) -> str:
    """Return a text as every database can store it."""
    return UNSTORABLE.sub("�", text)
