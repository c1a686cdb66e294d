"""Redirect URLs: which may be registered, and which registered one a request means.

A Redirect URL is where the authorization code goes, so nothing here is generous: what a client presents is
compared with what is stored character by character (RFC 9700 section 4.1.3).
"""

import ipaddress
import re
from urllib.parse import parse_qsl, unquote

from common import url_parts
from common.url_parts import Authority, URLParts
from oauthapps.errors import InvalidRedirectURLError
from oauthapps.rules.app_types import AppType
from oauthapps.rules.urls.redirect_url_text import check_characters, tidy

LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")

# What the response adds to the URL: a parameter of that name in it would reach the application twice.
_RESPONSE_PARAMETERS = frozenset(
    {"code", "state", "error", "error_description", "error_uri", "iss", "domain", "lane"}
)
_DEFAULT_PORTS = {"https": "443", "http": "80"}
# All that the authorization endpoint's parser (oauthlib's `uri_validate`) takes of IPv6 addresses.
_ENDS_IN_GROUP = re.compile(r"\[[0-9A-Fa-f:]*:[0-9A-Fa-f]{1,4}\]")
_PRIVATE_USE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")
# Where the web views of Capacitor and Ionic show an application's own pages.
_WEB_VIEW_ORIGINS = {"capacitor": "capacitor://localhost", "ionic": "ionic://localhost"}
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::([^/?#]*))?([/?].*)?", re.DOTALL)


def check_redirect_url(url: str, *, app_type: str) -> str:
    """Judge a URL before it is registered.

    Args:
        url: the URL as entered.
        app_type: an `AppType` or its value; only single page (and mobile) applications may have a scheme of
            their own, or be pages in a web view of Capacitor or Ionic.

    Returns:
        The URL as it is to be stored: `tidy` and otherwise unchanged, because clients present it exactly.

    Raises:
        InvalidRedirectURLError: with the exact reason (RFC 6749 section 3.1.2, RFC 8252 sections 7 and 8).
    """
    url = tidy(url)
    check_characters(url)
    parts = url_parts.split(url)
    _check_scheme(parts, may_have_own_scheme=app_type == AppType.SINGLE_PAGE)
    if parts.fragment is not None:
        raise InvalidRedirectURLError("Remove the # and what follows it: a fragment is not allowed.")
    if parts.scheme in _DEFAULT_PORTS:
        _check_web_authority(parts)
    elif parts.scheme in _WEB_VIEW_ORIGINS:
        _check_web_view(parts)
    else:
        _check_private_use(parts)
    if any(character in f"{parts.path}{parts.query}" for character in "[]"):  # RFC 3986 section 3.3
        raise InvalidRedirectURLError("Write a square bracket after the host as %5B or %5D.")
    _check_path(parts.path)
    _check_query(parts.query or "")
    return url


def matches(registered: str, presented: str) -> bool:
    """Tell whether a presented `redirect_uri` is a registered one.

    The same string is. Beyond that only the port may differ, and only at a loopback address, because a native
    application listens at whichever port is free (RFC 8252 section 7.3); `localhost` is a name that may lead
    elsewhere (section 8.3).

    Args:
        registered: a stored Redirect URL.
        presented: what the client sent, any string.

    Returns:
        True if the code may be sent to the presented URL.
    """
    if registered == presented:
        return True
    ours, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(presented)
    if ours is None or theirs is None or not _is_port_or_absent(theirs[2]):
        return False
    return (ours[1], ours[3] or "") == (theirs[1], theirs[3] or "")


def origin_of(url: str) -> str | None:
    """Work out the origin that a browser names in requests of a page at a URL (RFC 6454 section 6.2).

    Args:
        url: any string, usually a registered Redirect URL.

    Returns:
        Scheme, host and, unless it is the default one, port, in lower case; None if it has no origin.
    """
    parts = url_parts.split(url)
    if _is_web_view(parts):
        return _WEB_VIEW_ORIGINS[parts.scheme]
    authority = _web_authority(parts)
    if authority is None:
        return None
    host = _browser_host(authority.host)
    if authority.port in (None, _DEFAULT_PORTS[parts.scheme]):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{authority.port}"


def display_host(url: str) -> str:
    """Say where a URL leads, in a form that cannot be mistaken for another place.

    Args:
        url: any string, usually a registered Redirect URL.

    Returns:
        The host in lower case and punycode, without port; the scheme where an application on the device
        answers (`com.example.app`, `capacitor://localhost`); empty if the URL leads nowhere.
    """
    parts = url_parts.split(url)
    if _is_web_view(parts):
        return _WEB_VIEW_ORIGINS[parts.scheme]
    if _PRIVATE_USE_SCHEME.fullmatch(parts.scheme):
        return parts.scheme
    authority = _web_authority(parts)
    return _browser_host(authority.host) if authority else ""


def _check_scheme(parts: URLParts, *, may_have_own_scheme: bool) -> None:
    if not parts.scheme:
        raise InvalidRedirectURLError("Write the whole URL, beginning with https://.")
    if parts.scheme in _DEFAULT_PORTS:
        return
    if not may_have_own_scheme:
        raise InvalidRedirectURLError("Use a URL that begins with https://.")
    if not _PRIVATE_USE_SCHEME.fullmatch(parts.scheme) and parts.scheme not in _WEB_VIEW_ORIGINS:
        raise InvalidRedirectURLError(
            "Use a URL that begins with https://, or with a scheme of your own that has a dot in it, "
            "such as com.example.app:/callback."
        )


def _check_web_authority(parts: URLParts) -> None:
    if not parts.authority:
        raise InvalidRedirectURLError(
            f"This URL names no host: write it like {parts.scheme}://app.example.com/callback."
        )
    authority = _checked_authority(parts.authority)
    if not url_parts.is_host(authority.host):
        raise InvalidRedirectURLError("The host of this URL is not valid: write it like app.example.com.")
    if parts.scheme == "http" and authority.host.lower() not in LOOPBACK_HOSTS:
        raise InvalidRedirectURLError(
            "Use https: http is allowed only for loopback addresses (127.0.0.1, [::1] or localhost)."
        )
    if authority.host.startswith("[") and not _ENDS_IN_GROUP.fullmatch(authority.host):
        raise InvalidRedirectURLError(
            "Write this IPv6 address so that it ends in a group of hexadecimal digits, such as [2001:db8::1]."
        )


def _check_private_use(parts: URLParts) -> None:
    if parts.authority is not None:
        if "[" in _checked_authority(parts.authority).host:
            raise InvalidRedirectURLError(
                f"Write what follows {parts.scheme}:// without brackets: no client can be sent there."
            )
    elif not parts.path.startswith("/"):
        raise InvalidRedirectURLError(
            f"Begin the path with a slash, such as {parts.scheme}:/callback, or the URL with https://."
        )


def _check_web_view(parts: URLParts) -> None:
    if not _is_web_view(parts):
        origin = _WEB_VIEW_ORIGINS[parts.scheme]
        raise InvalidRedirectURLError(
            f"Use a URL that begins with {origin}, such as {origin}/callback: no other host is allowed."
        )


def _is_web_view(parts: URLParts) -> bool:
    return f"{parts.scheme}://{parts.authority}" == _WEB_VIEW_ORIGINS.get(parts.scheme)


def _checked_authority(text: str) -> Authority:
    authority = url_parts.split_authority(text)
    if authority is None:
        raise InvalidRedirectURLError("The host of this URL is not valid: write it like app.example.com.")
    if authority.userinfo is not None:
        raise InvalidRedirectURLError("Remove everything up to the @: a username is not allowed.")
    if authority.port is not None and not url_parts.is_port(authority.port):
        raise InvalidRedirectURLError("The port of this URL is not valid: use a number from 1 to 65535.")
    return authority


def _check_path(path: str) -> None:
    # "..;" is a dot segment to some servers, which cut parameters off first.
    segments = (unquote(segment).split(";")[0] for segment in path.split("/"))
    if any(segment in (".", "..") for segment in segments):
        raise InvalidRedirectURLError("Write the path without . and .. segments.")


def _check_query(query: str) -> None:
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    for name in sorted(names & _RESPONSE_PARAMETERS):
        raise InvalidRedirectURLError(
            f"Remove the parameter {name}: this server adds it to its answer itself."
        )


def _is_port_or_absent(port: str | None) -> bool:
    return port is None or url_parts.is_port(port)


def _web_authority(parts: URLParts) -> Authority | None:
    if parts.scheme not in _DEFAULT_PORTS or not parts.authority or url_parts.is_too_long(parts.authority):
        return None
    authority = url_parts.split_authority(parts.authority)
    if authority is None or not _is_port_or_absent(authority.port):
        return None
    return authority if url_parts.is_host(url_parts.punycode(authority.host)) else None


def _browser_host(host: str) -> str:
    if host.startswith("["):
        return f"[{ipaddress.ip_address(host[1:-1]).compressed}]"
    return url_parts.punycode(host)
