"""URLs that people are offered to click: App Description URL, privacy policy, terms of service."""

from common import url_parts
from oauthapps.errors import InvalidLinkError

_SCHEMES = ("https", "http")


def check_link(url: str) -> str:
    """Judge a URL that will stand behind a link on the consent page.

    Args:
        url: the URL as entered.

    Returns:
        The same URL, unchanged.

    Raises:
        InvalidLinkError: with the reason, unless it is an absolute http or https URL with a host.
    """
    if url_parts.is_too_long(url):
        raise InvalidLinkError("This link is longer than 2,048 bytes: use a shorter one.")
    # Browsers drop tabs and newlines inside a URL, so that "java\tscript:" would become a script.
    if url_parts.has_space_or_control(url):
        raise InvalidLinkError(
            "This link contains a space or an invisible character: remove it, or write a space as %20."
        )
    if any(character in url for character in "\\<>\"'`"):
        raise InvalidLinkError(
            "This link contains a backslash, a quotation mark or an angle bracket: percent-encode it."
        )
    parts = url_parts.split(url)
    if parts.scheme not in _SCHEMES or parts.authority is None:
        raise InvalidLinkError("Write the whole URL of a web page, beginning with https:// or http://.")
    _check_authority(parts.authority)
    return url


def _check_authority(text: str) -> None:
    authority = url_parts.split_authority(text)
    if authority is None or not authority.host:
        raise InvalidLinkError("This link names no host: write it like https://www.example.com/about.")
    if authority.userinfo is not None:
        # "https://bank.example@evil.example" shows one name and leads to another.
        raise InvalidLinkError("This link has a username before its host: remove everything up to the @.")
    if not authority.host.isascii():
        suggestion = url_parts.punycode(authority.host)
        raise InvalidLinkError(f"Write the host of this link in its ASCII form: {suggestion}.")
    if not url_parts.is_host(authority.host):
        raise InvalidLinkError("The host of this link is not valid: write it like www.example.com.")
    if authority.port is not None and not url_parts.is_port(authority.port):
        raise InvalidLinkError("The port of this link is not valid: use a number from 1 to 65535.")
