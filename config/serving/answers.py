"""Answers to requests that nothing works on: what came is too large or too slow, or nobody is free."""

from functools import cache

from django.http import HttpResponse
from django.template.loader import render_to_string

from config.error_pages import RETRY_SECONDS, is_for_programs
from config.request_ids import new_request_id
from config.security_headers import content_security_policy
from config.serving.environ import Environ
from config.serving.exchange import Headers
from oauthapps.doors.errors import error_answer

# By status: the error code that programs read, what is wrong in words, and the page that people see.
REFUSALS = {
    400: ("invalid_request", "The request ended before its body was complete.", "400.html"),
    408: ("invalid_request", "The body of the request took too long to arrive.", "408.html"),
    413: ("invalid_request", "The request is too large: it can have 2 MB.", "413.html"),
    503: (
        "temporarily_unavailable",
        "The server is busy and did not process this request. Retry after the number of seconds in "
        "Retry-After.",
        "500.html",
    ),
}


def refusal(environ: Environ, status: int) -> tuple[int, Headers, bytes]:
    """Return the answer that refuses a request without working on it.

    Args:
        environ: what the server says of the request.
        status: one of `REFUSALS`.
    """
    error, message, template = REFUSALS[status]
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {"Connection": "close"}  # noqa: PLR2004
    headers |= {
        "X-Request-Id": new_request_id(),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": content_security_policy(restrict_form_targets=True),
    }
    if is_for_programs(environ["PATH_INFO"]):
        answer = error_answer(status, error, message, headers)
        return status, list(answer.headers.items()), answer.body
    page = HttpResponse(page_of(template), headers={**headers, "Cache-Control": "no-store"})
    return status, list(page.items()), page.content


@cache
def page_of(template: str) -> str:
    """Return a page that is always the same."""
    return render_to_string(template)
