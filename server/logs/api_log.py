"""A line of the log for each request that an API endpoint refuses: whose it was, the error, the reason."""

import logging

from oauthapps.http.messages import ApiRequest, Refusal
from server.logs.lines import harmless

LONGEST_PATH = 200

log = logging.getLogger("gatehouse.api")


def log_refusal(request: ApiRequest, status: int, refusal: Refusal) -> None:
    """Write the line.

    Args:
        request: the request; of it the method and the path are named.
        status: the HTTP status it is answered with, in numbers.
        refusal: why, and whose it is as far as that is known.
    """
    client = refusal.client or "unknown"
    if refusal.client and not refusal.is_authenticated:
        client += " (not authenticated)"
    log.warning(
        "%s %s: %d %s, client %s%s: %s",
        harmless(request.method),
        harmless(request.environ["PATH_INFO"][:LONGEST_PATH]),
        status,
        refusal.error,
        client,
        f", person {harmless(refusal.username)}" if refusal.username else "",
        refusal.reason,
        extra={
            "status": status,
            "error": refusal.error,
            "client_id": refusal.client if refusal.is_authenticated else "",
        },
    )
