"""Credentials as values: how they are made, recognized and stored.

A credential is a prefix, 256 random bits and a checksum: `gtsec_` + 43 + 6 characters of `[A-Za-z0-9_-]`.
That alphabet is the same raw and form-encoded, so it does not matter whether a client encodes the parts of
an HTTP Basic header (RFC 6749 section 2.3.1). The prefix lets secret scanners find leaked ones, the checksum
lets them tell real ones from look-alikes without asking us.
"""

import hashlib
import re
import secrets
import string
import zlib
from base64 import urlsafe_b64encode

from django.conf import settings
from django.utils.crypto import salted_hmac

CLIENT_SECRET_PREFIX = "gtsec_"  # noqa: S105 - what every secret begins with
ACCESS_TOKEN_PREFIX = "gtacc_"  # noqa: S105 - likewise
REFRESH_TOKEN_PREFIX = "gtref_"  # noqa: S105 - likewise
CODE_PREFIX = "gtcode_"
SCIM_TOKEN_PREFIX = "gtscim_"  # noqa: S105 - likewise
PREFIXES = (
    CLIENT_SECRET_PREFIX,
    ACCESS_TOKEN_PREFIX,
    REFRESH_TOKEN_PREFIX,
    CODE_PREFIX,
    SCIM_TOKEN_PREFIX,
)

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_RANDOM_BYTES = 32
_SALT_BYTES = 16
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32
_HINT_LENGTH = 4
SHORTEST_WITH_HINT = 16


def new_client_secret() -> str:
    """Make a client secret.

    Returns:
        The plaintext, to be shown once; store only its `digest`.
    """
    return _new(CLIENT_SECRET_PREFIX)


def new_access_token() -> str:
    """Make an access token.

    Returns:
        The plaintext for the client; store only its `digest`.
    """
    return _new(ACCESS_TOKEN_PREFIX)


def new_refresh_token() -> str:
    """Make a refresh token.

    Returns:
        The plaintext for the client; store only its `digest`.
    """
    return _new(REFRESH_TOKEN_PREFIX)


def new_scim_token() -> str:
    """Make a token by which an identity provider provisions people.

    Returns:
        The plaintext, to be shown once; store only its `digest`.
    """
    return _new(SCIM_TOKEN_PREFIX)


def new_successor_salt() -> str:
    """Make the salt of a refresh token's successor, of 128 random bits."""
    return secrets.token_urlsafe(_SALT_BYTES)


def successors_of(refresh_token: str, salt: str) -> tuple[str, ...]:
    """Make the refresh token that replaces another one.

    The same token gets the same successor, however often it is presented, and the successor is stored
    nowhere. It takes the token, its salt and this installation's key to make it: no two of them are enough.
    After a change of that key the same was made with the former one.

    Args:
        refresh_token: the plaintext of the token to be replaced.
        salt: its `new_successor_salt`.

    Returns:
        The plaintext for the client, followed by what it would be under each former key; store only its
        `digest`.
    """
    derived = _derived("oauthapps.refresh_token", salt + refresh_token)
    return tuple(_with_checksum(REFRESH_TOKEN_PREFIX + each) for each in derived)


def codes_for(page_id: str) -> tuple[str, ...]:
    """Make the authorization code that answers one showing of a consent page.

    The same page gets the same code, however often its form arrives, and the code is stored nowhere. It takes
    the page and this installation's key to make it: neither is enough.

    Args:
        page_id: a `new_page_id`, known to nobody but the person's browser.

    Returns:
        The plaintext for the redirect, followed by what it would be under each former key of this
        installation; store only its `digest`.
    """
    return tuple(_with_checksum(CODE_PREFIX + each) for each in _derived("oauthapps.code", page_id))


def new_page_id() -> str:
    """Make an id for a showing of a consent page, of 256 random bits: a code is made of it."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def digest(value: str) -> str:
    """Work out what is stored instead of a credential.

    One round of SHA-256 is enough because the values are 256 random bits: there is nothing to guess, and a
    slow hash would only make the token endpoint slow. A received value may be anything, lone surrogates
    included.

    Args:
        value: a credential, made here or presented by a client.

    Returns:
        64 lower-case hexadecimal digits.
    """
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def is_text(value: str) -> bool:
    """Return whether a database can store a received value: no NUL, no half of a surrogate pair."""
    return _NO_TEXT.search(value) is None


def hint(value: str) -> str:
    """Pick what a list may show of a credential once it can no longer be seen.

    Args:
        value: the plaintext.

    Returns:
        The last four characters; nothing of a value so short that four would be a good part of it.
    """
    return value[-_HINT_LENGTH:] if len(value) >= SHORTEST_WITH_HINT else ""


def _new(prefix: str) -> str:
    return _with_checksum(prefix + secrets.token_urlsafe(_RANDOM_BYTES))


def _derived(purpose: str, value: str) -> list[str]:
    """Return 256 bits that only this installation's key can make of a value, and only each former key.

    Each is 43 characters.
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [salted_hmac(purpose, value, secret=key, algorithm="sha256").digest() for key in keys]
    return [urlsafe_b64encode(each).rstrip(b"=").decode() for each in derived]


def _with_checksum(body: str) -> str:
    return body + _checksum(body)


def _checksum(body: str) -> str:
    """Write the CRC-32 of prefix and random part in base 62, six digits, the most significant first."""
    number = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, remainder = divmod(number, len(_BASE62))
        digits.append(_BASE62[remainder])
    return "".join(reversed(digits))
