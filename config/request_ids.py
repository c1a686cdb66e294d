"""A name for every request, so that a person can quote it and an operator can find it."""

from collections.abc import Callable
from random import getrandbits

from django.http import HttpRequest, HttpResponse

View = Callable[[HttpRequest], HttpResponse]


def new_request_id() -> str:
    """Return a name that no other request has. Nobody is kept out by it, so it may be guessed."""
    return f"{getrandbits(64):016x}"


class RequestIdMiddleware:
    """Gives each request a random id, as `request.request_id` and in the `X-Request-Id` response header.

    An id that arrives from outside is not taken over: it would let a stranger write into our logs.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under its new id."""
        request.request_id = new_request_id()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response
