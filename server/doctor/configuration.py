"""Checks of the settings, and of how requests get here."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from config import env
from server.doctor.findings import Finding, error, ok, warning
from server.unsafe_settings import unsafe_settings


def check_settings() -> Iterator[Finding]:
    """Is anything set that no server should start with, or that strangers could make use of?"""
    for sentence in unsafe_settings():
        yield error(sentence, "The server doesn't start until that is changed.")
    if env.crosses_network_in_clear(urlsplit(settings.BASE_URL)):
        yield warning(
            f"{settings.BASE_URL} uses plain http, so others on the network can read passwords and tokens.",
            "Put a proxy that terminates TLS in front, set BASE_URL to https, and drop ALLOW_HTTP.",
        )
    else:
        yield ok(f"People and integrations use {settings.BASE_URL}.")


def check_tokens_in_urls() -> Iterator[Finding]:
    """Are access tokens taken from URLs, which end up in logs and histories?"""
    if settings.ALLOW_SESSION_ID_IN_URL:
        yield warning(
            "Access tokens in URLs (?sessionID=) are accepted, and URLs end up in logs.",
            "Have clients send a header, then drop ALLOW_SESSION_ID_IN_URL.",
        )
    else:
        yield ok("Access tokens in URLs are refused.")


def check_events() -> Iterator[Finding]:
    """How long is it known who did what?"""
    yield ok(f"Events are kept for {settings.EVENT_DAYS} days (EVENT_DAYS).")


def check_proxy() -> Iterator[Finding]:
    """Does what is believed of proxies fit the URL?"""
    is_https = urlsplit(settings.BASE_URL).scheme == "https"
    count = settings.TRUSTED_PROXIES
    if is_https and not count:
        yield error(
            "BASE_URL is https, which takes a proxy, and none is trusted: all clients share the proxy's IP "
            "address, so failed sign-ins of one lock out the others.",
            "Set BEHIND_PROXY to the number of proxies.",
        )
    elif count and not is_https:
        yield warning(
            "A proxy is trusted, but BASE_URL isn't https: whoever gets past it can forge an IP address.",
            "Set BASE_URL to https, or drop BEHIND_PROXY.",
        )
    elif count:
        yield ok(f"{count} {'proxy is' if count == 1 else 'proxies are'} trusted ({header_names()}).")
    else:
        yield ok("No proxy is trusted; forwarding headers are ignored.")


def header_names() -> str:
    """Return the headers in which proxies name clients and schemes."""
    return "Forwarded" if settings.FORWARDED_HEADER == "forwarded" else "X-Forwarded-For and -Proto"
