"""Two ways in: people's requests go through Django, programs' straight to their endpoints.

Sessions, CSRF tokens, messages and sign-in mean nothing to a program, and Django's handling of a request
takes longer than looking a token up. What is odd about a request, a foreign host say, is left to Django to
refuse.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http.client import responses
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest, get_path_info
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from config.error_pages import FOR_PROGRAMS, no_such_address
from config.request_ids import new_request_id
from oauthapps.doors.programs import JSON, Answer, Endpoint, ProgramRequest

Environ = dict[str, Any]
Headers = Mapping[str, str]

# What a verdict of the middlewares in MIDDLEWARE_FOR_PROGRAMS depends on.
DECIDING = ("wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")

# What is not the same for all answers.
PARTICULAR = {"Content-Type", "Content-Length"}

NOWHERE = Endpoint(no_such_address)
STATUS_LINES = {status: f"{status} {reason}" for status, reason in responses.items()}


class ShortWay:
    """Answers the requests that may go straight to an endpoint.

    Middlewares that every answer needs are asked once for each host and scheme, not once for each request:
    what they add is always the same.
    """

    def __init__(self) -> None:
        self.chain: Callable[[HttpRequest], HttpResponse] = lambda _: HttpResponse(content_type=JSON)
        for name in reversed(settings.MIDDLEWARE_FOR_PROGRAMS):
            self.chain = import_string(name)(self.chain)
        self.verdict = lru_cache(maxsize=64)(self.ask)

    def answer(self, environ: Environ) -> Answer | None:
        """Answer a request; None where it must go the long way."""
        endpoint = endpoint_at(environ["PATH_INFO"])
        if endpoint is None:
            return None
        added = self.verdict(*map(environ.get, DECIDING))
        if added is None:
            return None
        request = ProgramRequest(environ, new_request_id())
        try:
            answer = endpoint.answer(request)
        except Exception as error:  # noqa: BLE001  # Django knows what to do about any
            answer = as_answer(response_for_exception(request.for_django(), error))
        particular = {"X-Request-Id": request.request_id, "Content-Length": str(len(answer.body))}
        answer.headers = {**added, **answer.headers, **particular}
        return answer

    def ask(self, *deciding: str | None) -> Headers | None:
        """Return the headers that every answer gets; None where a request is refused or sent elsewhere."""
        environ = {name: value for name, value in zip(DECIDING, deciding, strict=True) if value is not None}
        request = WSGIRequest({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO(), **environ})
        try:
            response = self.chain(request)
        except SuspiciousOperation:
            return None
        added = {name: value for name, value in response.items() if name not in PARTICULAR}
        return added if response.status_code == HttpResponse.status_code else None


@lru_cache(maxsize=128)
def endpoint_at(path: str) -> Endpoint | None:
    """Return the endpoint at an address, as the server writes it; None where people ask.

    They are few and come again and again.
    """
    decoded = get_path_info({"PATH_INFO": path})
    try:
        view = resolve(decoded).func
    except Resolver404:
        return NOWHERE if decoded.startswith(FOR_PROGRAMS) else None
    return view if isinstance(view, Endpoint) else None


def as_answer(response: HttpResponse) -> Answer:
    """Return what Django made of an error."""
    return Answer(response.status_code, response.content, dict(response.items()))


class Here:
    """Exists as long as a thread does."""


class Thread(threading.local):
    """What belongs to a thread of the server.

    The server ends threads that have nothing to do. One that begins closes the connections of those that have
    ended, or they would pile up until garbage is searched for. (Nothing can be done in an ending thread: it
    has no interpreter any more.)

    Args:
        others: of every thread, whether it is still there, and its connection.
        lock: lets one thread at a time look through them.
    """

    def __init__(self, others: list[tuple[weakref.ref[Here], Any]], lock: threading.Lock) -> None:
        self.here, self.database = Here(), connections[DEFAULT_DB_ALIAS]
        with lock:
            ended = [other for other in others if other[0]() is None]
            others[:] = [other for other in others if other not in ended]
            others.append((weakref.ref(self.here), self.database))
        for _, connection in ended:
            connection.inc_thread_sharing()  # as it is another thread's
            connection.close()


class Handler:
    """What the server calls (PEP 3333)."""

    def __init__(self) -> None:
        self.through_django, self.short_way = WSGIHandler(), ShortWay()
        self.thread = Thread([], threading.Lock())

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        self.thread.database.close_if_unusable_or_obsolete()
        answer = self.short_way.answer(environ)
        if answer is None:
            return self.through_django(environ, start_response)
        start_response(STATUS_LINES[answer.status], list(answer.headers.items()))
        return [answer.body]
