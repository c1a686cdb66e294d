"""The values of labels: closed sets, so that no client and nothing that is sent makes a series of its own."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver

from oauthapps.http.messages import Endpoint
from oauthapps.rules.app_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, JWT_BEARER, REFRESH_TOKEN

OTHER = "other"
# What is no endpoint: pages, among them that of the authorization request, and static files.
AUTHORIZE, PAGE, STATIC = "authorize", "page", "static"
AUTHORIZE_PATH = "/integrations/oauth2/authorize"
GRANTS = {
    AUTHORIZATION_CODE: "authorization_code",
    REFRESH_TOKEN: "refresh_token",
    JWT_BEARER: "jwt_bearer",
    CLIENT_CREDENTIALS: "client_credentials",
}
ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
# What is presented again after it was used up or replaced.
REPLAYS = ("code", "refresh_token", "assertion", "client_assertion")


def error_of(code: str) -> str:
    """Return an error code of the token endpoint, or that it is another one."""
    return code if code in ERRORS else OTHER


def grant_of(grant_type: str) -> str:
    """Return the grant that a client asks for, or that it is none of ours."""
    return GRANTS.get(grant_type, OTHER)


def endpoint_names() -> dict[Endpoint, str]:
    """Return the name of every endpoint that has a URL."""
    return dict(named_endpoints(get_resolver()))


def named_endpoints(resolver: URLResolver) -> Iterator[tuple[Endpoint, str]]:
    """Yield the endpoints among a resolver's URLs, each with its name."""
    patterns: list[Any] = resolver.url_patterns
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from named_endpoints(pattern)
        elif isinstance(pattern.callback, Endpoint):
            yield pattern.callback, pattern.name
