"""URLs taken apart exactly as written, for whatever judges one.

`urllib.parse` drops tabs and newlines, lower-cases, and raises on some brackets. Here nothing is repaired:
what is judged is what will be stored and what a browser will get.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from common.names import is_unseen

MAX_BYTES = 2048

# RFC 3986 appendix B: matches every string.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_AUTHORITY = re.compile(r"(?:([^@]*)@)?(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LAST_PORT = 65535
_MAX_HOST = 253
# What browsers take for an IPv4 number rather than a name: 2130706433, 0x7f000001, 127.1 (WHATWG URL, 3.5).
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class URLParts:
    """The five parts of a URL as written; None where the delimiter of a part is missing."""

    scheme: str
    authority: str | None
    path: str
    query: str | None
    fragment: str | None


@dataclass(frozen=True, slots=True)
class Authority:
    """The parts between `//` and the path; `host` keeps the brackets of an IPv6 address."""

    userinfo: str | None
    host: str
    port: str | None


def split(text: str) -> URLParts:
    """Take a URL apart.

    Args:
        text: any string.

    Returns:
        Its parts, the scheme in lower case and otherwise unchanged (RFC 3986 appendix B).
    """
    match = _PARTS.fullmatch(text)
    if match is None:  # cannot happen: every part is optional and every character fits somewhere
        return URLParts("", None, text, None, None)
    scheme, authority, path, query, fragment = match.groups()
    return URLParts((scheme or "").lower(), authority, path, query, fragment)


def split_authority(authority: str) -> Authority | None:
    """Take user information, host and port apart.

    Args:
        authority: what stands between `//` and the path.

    Returns:
        The parts as written, or None if they cannot be told apart.
    """
    match = _AUTHORITY.fullmatch(authority)
    return Authority(match[1], match[2], match[3]) if match else None


def is_port(text: str) -> bool:
    """Tell whether a text is a port as everybody writes it: 1 to 65535 in ASCII digits, no leading zero."""
    return _PORT.fullmatch(text) is not None and int(text) <= _LAST_PORT


def is_host(host: str) -> bool:
    """Tell whether every browser takes a text for the same host.

    Args:
        host: a name, an IPv4 address, or an IPv6 address in brackets.

    Returns:
        True for ASCII names of up to 253 characters and for addresses in their usual notation; False for
        anything else, such as `2130706433` or `0x7f.1`, which browsers turn into an address of their own.
    """
    if host.startswith("["):
        return _is_ip(host[1:-1], 6)
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _is_ip(host, 4)
    return len(host) <= _MAX_HOST and all(_LABEL.fullmatch(label) for label in labels)


def punycode(host: str) -> str:
    """Write a host name with the letters that registrars and browsers use on the wire (RFC 3492).

    Python's own "idna" codec follows the standard of 2003, which turns `ß` into `ss`: another domain.

    Args:
        host: a host name with letters of any script.

    Returns:
        The name in lower case, every label that is not ASCII as `xn--…`.
    """
    plain = unicodedata.normalize("NFKC", host).lower().replace("\u3002", ".")
    labels = (label if label.isascii() else f"xn--{_encoded(label)}" for label in plain.split("."))
    return ".".join(labels)


def is_too_long(text: str) -> bool:
    """Tell whether a URL has more than `MAX_BYTES` bytes in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES


def has_space_or_control(text: str) -> bool:
    """Tell whether a text holds white space, control, format or other characters that people cannot see."""
    return any(character.isspace() or is_unseen(character) for character in text)


def _encoded(label: str) -> str:
    return label.encode("punycode").decode("ascii")


def _is_ip(text: str, version: int) -> bool:
    if "%" in text:  # a zone names an interface of one machine (RFC 6874)
        return False
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False
