"""Who we are on the wire. It comes from configuration, never from a request's Host header."""

from functools import cache

from django.conf import settings
from django.urls import reverse

SCIM_PATH = "/scim/v2"


def issuer() -> str:
    """Return the issuer identifier (RFC 8414 section 2): the installation's base URL."""
    return str(settings.BASE_URL)


def scim_url() -> str:
    """Return the SCIM URL, which administrators enter in their directory (RFC 7644 section 1.3)."""
    return f"{issuer()}{SCIM_PATH}"


def endpoint(name: str) -> str:
    """Return the absolute URL of one of our endpoints by its route name."""
    return issuer() + path(name)


@cache
def path(name: str) -> str:
    """Return the path of one of our endpoints, which Django takes long to work out."""
    return reverse(f"oauth2_provider:{name}")


@cache
def guide_path() -> str:
    """Return the path of the guide for developers (RFC 8414 section 2, RFC 9728 section 2)."""
    return reverse("guide:contents")


def accepted_audiences() -> set[str]:
    """Return what an assertion may name as its `aud` (RFC 7523 section 3, item 3)."""
    return {issuer(), endpoint("token"), endpoint("jwt-exchange")}
