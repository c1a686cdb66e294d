"""Identifiers of APIs: absolute URIs without a fragment (RFC 8707 section 2)."""

import re

from common import url_parts
from oauthapps.errors import InvalidApiIdentifierError

LONGEST_IDENTIFIER = 2048

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # RFC 3986 section 3.1, in lower case
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")  # RFC 3986 section 2
_DEFAULT_PORTS = {"https": "443", "http": "80"}


def check_identifier(text: str) -> str:
    """Judge the identifier of an API before it is registered.

    Args:
        text: the identifier as entered.

    Returns:
        The identifier as it is stored: `canonical`.

    Raises:
        InvalidApiIdentifierError: with the exact reason.
    """
    text = text.strip()
    if url_parts.is_too_long(text):
        raise InvalidApiIdentifierError("This identifier is longer than 2,048 bytes: use a shorter one.")
    if not _CHARACTERS.fullmatch(text):
        raise InvalidApiIdentifierError("This identifier contains a character that isn't allowed in a URI.")
    if "#" in text:
        raise InvalidApiIdentifierError("Remove the # and what follows it: a fragment is not allowed.")
    parts = url_parts.split(text)
    if not _SCHEME.fullmatch(parts.scheme) or not (parts.authority or parts.path):
        raise InvalidApiIdentifierError("Enter the whole URI, such as https://api.example.com.")
    if parts.scheme in _DEFAULT_PORTS:
        _check_web_authority(parts.authority or "")
    return canonical(text)


def canonical(text: str) -> str:
    """Return an identifier in the form in which identifiers are compared.

    Scheme and host are in lower case, the port that goes without saying and one slash at the end are left
    out; everything else is as written.

    Args:
        text: any string, such as the `resource` of a request.
    """
    parts = url_parts.split(text)
    if parts.scheme not in _DEFAULT_PORTS or parts.authority is None:
        return text
    authority = parts.authority.lower().removesuffix(f":{_DEFAULT_PORTS[parts.scheme]}")
    query = "" if parts.query is None else f"?{parts.query}"
    fragment = "" if parts.fragment is None else f"#{parts.fragment}"
    path = parts.path if query or fragment else parts.path.removesuffix("/")
    return f"{parts.scheme}://{authority}{path}{query}{fragment}"


def _check_web_authority(text: str) -> None:
    authority = url_parts.split_authority(text)
    if authority is None or not url_parts.is_host(authority.host):
        raise InvalidApiIdentifierError(
            "The host of this identifier is not valid: write it like api.example.com."
        )
    if authority.userinfo is not None:
        raise InvalidApiIdentifierError("Remove everything up to the @: a username is not allowed.")
    if authority.port is not None and not url_parts.is_port(authority.port):
        raise InvalidApiIdentifierError(
            "The port of this identifier is not valid: use a number from 1 to 65535."
        )
