"""Answers to requests that nothing works on: what came is too large or too slow, or nobody is free."""

import logging
from functools import cache

from django.http import HttpResponse
from django.template.loader import render_to_string

from oauthapps.http.errors import error_response
from server.logs.api_log import LONGEST_PATH
from server.logs.lines import harmless
from server.pages.error_pages import RETRY_SECONDS, is_api_path
from server.request_ids import id_of
from server.security_headers import content_security_policy
from server.workers.environ import Environ
from server.workers.exchange import Headers

# By status: the error code that API clients read, what is wrong in words, and the page that people see.
REFUSALS = {
    400: ("invalid_request", "The request ended before its body was complete.", "400.html"),
    408: ("invalid_request", "The body of the request took too long to arrive.", "408.html"),
    413: ("invalid_request", "The request is too large: it can be at most 2 MB.", "413.html"),
    503: (
        "temporarily_unavailable",
        "The server is busy and did not process this request. Retry after the number of seconds in "
        "Retry-After.",
        "500.html",
    ),
}
# Stands in a page that is kept for the id of the request that it answers.
ANY_ID = "REQUEST-ID"

log = logging.getLogger("gatehouse.server")


def refusal(environ: Environ, status: int) -> tuple[int, Headers, bytes]:
    """Return the answer that refuses a request without working on it.

    Args:
        environ: what the server says of the request.
        status: one of `REFUSALS`.
    """
    error, message, template = REFUSALS[status]
    request_id = id_of(environ)
    method, path = harmless(environ["REQUEST_METHOD"]), harmless(environ["PATH_INFO"][:LONGEST_PATH])
    log.warning(
        "%s %s: %d %s: %s",
        method,
        path,
        status,
        error,
        message,
        extra={"request_id": request_id, "status": status},
    )
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {"Connection": "close"}  # noqa: PLR2004
    headers |= {
        "X-Request-Id": request_id,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": content_security_policy(restrict_form_targets=True),
    }
    if is_api_path(environ["PATH_INFO"]):
        answer = error_response(status, error, message, headers)
        return status, list(answer.headers.items()), answer.body
    content = page_of(template).replace(ANY_ID, request_id)
    page = HttpResponse(content, headers={**headers, "Cache-Control": "no-store"})
    return status, list(page.items()), page.content


@cache
def page_of(template: str) -> str:
    """Return a page that is always the same but for the id of the request."""
    return render_to_string(template, {"request_id": ANY_ID})
