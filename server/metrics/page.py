"""`/metrics`, for Prometheus, and who may read it."""

import hmac
from ipaddress import ip_address

from django.conf import settings

from audit.ip_addresses import ip_in
from oauthapps.http.decorators import allow_only
from oauthapps.http.errors import NO_STORE, error_response
from oauthapps.http.messages import ApiRequest, ApiResponse
from server.pages.error_pages import no_such_endpoint

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
# Whoever sends one of these is, or speaks for, somebody who is not on this machine.
FORWARDING = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_REAL_IP",
)
CLOSED = (
    "Metrics are for clients on this machine that come without a proxy, and for those that send the value of "
    "METRICS_TOKEN as Authorization: Bearer."
)


@allow_only("GET", "HEAD")
def metrics(request: ApiRequest) -> ApiResponse:
    """Return all metrics to whoever may read them."""
    if not settings.METRICS:
        return no_such_endpoint()
    if not (has_token(request) or is_direct(request)):
        return error_response(403, "access_denied", CLOSED)
    from server.metrics.exposition import exposition  # noqa: PLC0415  # takes long, and most need it never

    return ApiResponse(200, exposition(), {"Content-Type": TEXT_FORMAT, **NO_STORE})


def has_token(request: ApiRequest) -> bool:
    """Return whether a request carries the token, where there is one."""
    scheme, _, presented = request.authorization.partition(" ")
    expected: str = settings.METRICS_TOKEN
    is_equal = hmac.compare_digest(presented.strip().encode(), expected.encode())
    return bool(expected) and is_equal and scheme.lower() == "bearer"


def is_direct(request: ApiRequest) -> bool:
    """Return whether a request was sent on this machine, and not passed on by a proxy.

    Behind a proxy everybody comes from this machine. This server speaks plain http, so an https URL means
    that there is a proxy, whatever else is configured.
    """
    if settings.TRUSTED_PROXIES or settings.BASE_URL.startswith("https:"):
        return False
    if any(name in request.environ for name in FORWARDING):
        return False
    sender = ip_in(str(request.environ.get("REMOTE_ADDR", "")))
    return bool(sender) and ip_address(sender).is_loopback
