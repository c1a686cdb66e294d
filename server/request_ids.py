"""A name for every request, so that a person can quote it and an operator can find it in the log."""

from collections.abc import Callable
from contextvars import ContextVar
from random import getrandbits
from typing import Any

from django.http import HttpRequest, HttpResponse

from oauthapps.http.messages import REQUEST_ID

View = Callable[[HttpRequest], HttpResponse]

# That of the request which this thread works on; lines of the log carry it.
current: ContextVar[str] = ContextVar("request_id", default="")


def id_of(environ: dict[str, Any]) -> str:
    """Return the id of a request, made when it is first asked for.

    An id that arrives from outside is not taken over: it would let a stranger write into our logs. Nobody is
    kept out by one, so it may be guessed.
    """
    request_id: str | None = environ.get(REQUEST_ID)
    if request_id is None:
        request_id = environ[REQUEST_ID] = f"{getrandbits(64):016x}"
    return request_id


def begin(environ: dict[str, Any]) -> str:
    """Return the id of a request; from now on this thread's lines of the log carry it."""
    request_id = id_of(environ)
    current.set(request_id)
    return request_id


def end() -> None:
    """Say that this thread works on no request any more."""
    current.set("")


class RequestIdMiddleware:
    """Gives each request its id, as `request.request_id` and in the `X-Request-Id` response header."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under its id."""
        request.request_id = begin(request.META)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response
