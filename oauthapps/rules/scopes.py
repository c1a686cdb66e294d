"""What a token may be used for, and the sentence that tells people so on the consent page."""

import re
from collections.abc import Iterable
from functools import lru_cache

from oauthapps.errors import InvalidScopeNameError, ScopeLimitError

READ = "read"
WRITE = "write"
OFFLINE_ACCESS = "offline_access"

SCOPES: dict[str, str] = {
    READ: "Retrieve content and information that you have access to",
    WRITE: "Create, edit, and delete records that you have access to",
    OFFLINE_ACCESS: "Keep this access while you're away",
}

# All of them as on the wire: what a new application may ask for.
BUILT_IN = " ".join(SCOPES)

# An authorization request without `scope` means all of them (RFC 6749 section 3.3): existing clients send
# none and expect a refresh token.
DEFAULT_SCOPES = (READ, WRITE, OFFLINE_ACCESS)

# Nothing can be changed by these; what those of other APIs allow only they know.
READ_ONLY = frozenset({READ, OFFLINE_ACCESS})

LONGEST_NAME = 100
# Scopes of one API, and of all that are not built in: the forms that have a field for each fit within what a
# form may hold (DATA_UPLOAD_MAX_NUMBER_FIELDS).
MOST_SCOPES = 40
MOST_OF_ALL = 1500
# RFC 6749 section 3.3: scope-token.
_NAME = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def check_name(name: str) -> str:
    """Judge the name of a scope before it is registered.

    Args:
        name: the name as entered.

    Returns:
        The same name.

    Raises:
        InvalidScopeNameError: with the exact reason.
    """
    if name in SCOPES:
        raise InvalidScopeNameError("This scope is built in: choose another name.")
    if not _NAME.fullmatch(name):
        raise InvalidScopeNameError(
            'Use letters, digits, and punctuation, such as invoices:read. Spaces, " and \\ are not allowed.'
        )
    if len(name) > LONGEST_NAME:
        raise InvalidScopeNameError(f"Use at most {LONGEST_NAME} characters.")
    return name


def check_number(count: int) -> None:
    """Judge how many scopes an API is to have.

    Raises:
        ScopeLimitError: when there are too many.
    """
    if count > MOST_SCOPES:
        raise ScopeLimitError(MOST_SCOPES)


def check_number_of_all(count: int) -> None:
    """Judge how many scopes all APIs are to have together.

    Raises:
        ScopeLimitError: when there are too many.
    """
    if count > MOST_OF_ALL:
        raise ScopeLimitError(MOST_OF_ALL, "All APIs together")


def parse(text: str) -> tuple[str, ...]:
    """Split the value of a `scope` parameter.

    Only the space separates (RFC 6749 section 3.3). Any other white space stays part of a name, which is then
    unknown, rather than being understood differently here than by the client.

    Args:
        text: the parameter as received.

    Returns:
        The names in the order given, each once; empty for an empty value.
    """
    return tuple(dict.fromkeys(filter(None, text.split(" "))))


@lru_cache(maxsize=1024)
def both(first: str, second: str) -> tuple[str, ...]:
    """Return the names that two `scope` parameters have in common, in the order of the first."""
    others = parse(second)
    return tuple(name for name in parse(first) if name in others)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of scopes in the order in which sets of them are compared: the built-in ones first."""
    unordered = set(names)
    built_in = [name for name in SCOPES if name in unordered]
    return (*built_in, *sorted(unordered.difference(built_in)))


def render(scopes: Iterable[str]) -> str:
    """Write scopes as a `scope` parameter.

    Args:
        scopes: names of scopes.

    Returns:
        The names in the order given, each once, separated by single spaces.
    """
    return " ".join(dict.fromkeys(scopes))
