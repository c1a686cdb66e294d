"""Two ways in: people's requests go through Django, programs' straight to their endpoints.

Sessions, CSRF tokens, messages and sign-in mean nothing to a program, and Django's handling of a request
takes longer than looking a token up. A foreign host, or plain http where https is required, is refused here
as well, in JSON.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from http.client import responses
from io import BytesIO
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest, get_path_info
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from config.api_log import log_refusal
from config.error_pages import WRONG_HOST, is_for_programs, no_such_address
from config.proxies import settle_scheme
from config.request_ids import begin
from oauthapps.doors.errors import error_answer
from oauthapps.doors.programs import JSON, Answer, Endpoint, ProgramRequest, answer_to_failure

Environ = dict[str, Any]
Headers = Mapping[str, str]

# What a verdict of the middlewares in MIDDLEWARE_FOR_PROGRAMS depends on.
DECIDING = ("wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")
# Verdicts that are kept, and the longest path that is: what strangers send must not fill the memory.
MOST_VERDICTS = 64
LONGEST_PATH = 200

# What is not the same for all answers.
PARTICULAR = {"Content-Type", "Content-Length"}
NO_CONTENT = HTTPStatus.NO_CONTENT.value

NOWHERE = Endpoint(no_such_address, needs_database=False, ignores_body=True)
STATUS_LINES = {status: f"{status} {reason}" for status, reason in responses.items()}


NO_HEADERS: Headers = {}
HTTPS_WANTED = (
    "HTTPS is required. If the client used https, the proxy did not pass that on; otherwise the credentials "
    "crossed the network unencrypted: replace them."
)


class RefusedError(Exception):
    """A request is refused before its endpoint hears of it.

    Attributes:
        answer: says why.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ShortWay:
    """Answers the requests that may go straight to an endpoint.

    Middlewares that every answer needs are asked once for each host and scheme, not once for each request:
    what they add is always the same.
    """

    def __init__(self) -> None:
        self.chain: Callable[[HttpRequest], HttpResponse] = lambda _: HttpResponse(content_type=JSON)
        for name in reversed(settings.MIDDLEWARE_FOR_PROGRAMS):
            self.chain = import_string(name)(self.chain)
        self.allowed: dict[tuple[str | None, ...], Headers] = {}

    def answer(self, environ: Environ, endpoint: Endpoint) -> Answer:
        """Answer a request of an endpoint."""
        request, added = ProgramRequest(environ, begin(environ)), NO_HEADERS
        try:
            deciding = tuple(map(environ.get, DECIDING))
            added = self.allowed.get(deciding) or self.verdict(deciding)
            answer = endpoint.answer(request)
        except RefusedError as refused:
            answer = refused.answer
        except Exception as error:  # noqa: BLE001  # Django knows what to do about any
            answer = answer_to_failure(error, request)
        answer.headers = {**added, **answer.headers, "X-Request-Id": request.request_id}
        if answer.refusal:
            log_refusal(request, answer.status, answer.refusal)
        if answer.status != NO_CONTENT:  # RFC 9110 section 8.6
            answer.headers["Content-Length"] = str(len(answer.body))
        return answer

    def verdict(self, deciding: tuple[str | None, ...]) -> Headers:
        """Return the headers that every answer gets, and keep them as far as there is room.

        Raises:
            RefusedError: for a foreign host, or plain http where https is wanted.
        """
        added = self.ask(deciding)
        if len(self.allowed) < MOST_VERDICTS:
            self.allowed[deciding] = added
        return added

    def ask(self, deciding: tuple[str | None, ...]) -> Headers:
        """Ask the middlewares for a verdict."""
        environ = {name: value for name, value in zip(DECIDING, deciding, strict=True) if value is not None}
        request = WSGIRequest({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO(), **environ})
        try:
            response = self.chain(request)
        except SuspiciousOperation as error:
            raise RefusedError(error_answer(400, "invalid_request", WRONG_HOST)) from error
        if response.status_code != HTTPStatus.OK:  # a program would repeat a POST as GET, or send secrets on
            raise RefusedError(error_answer(403, "invalid_request", HTTPS_WANTED))
        return {name: value for name, value in response.items() if name not in PARTICULAR}


def endpoint_at(path: str) -> Endpoint | None:
    """Return the endpoint at an address, as the server writes it; None where people ask."""
    return known_endpoint_at(path) if len(path) <= LONGEST_PATH else find_endpoint(path)


def find_endpoint(path: str) -> Endpoint | None:
    """Look an address up among Django's URLs, which takes longer than looking a token up."""
    decoded = get_path_info({"PATH_INFO": path})
    try:
        view = resolve(decoded).func
    except Resolver404:
        return NOWHERE if is_for_programs(decoded) else None
    return view if isinstance(view, Endpoint) else None


# They are few and come again and again.
known_endpoint_at = lru_cache(maxsize=128)(find_endpoint)


class Response(NamedTuple):
    """What is sent, and what is to be done afterwards."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    close: Callable[[], None] | None = None


class Handler:
    """Answers requests, either way."""

    def __init__(self) -> None:
        self.through_django, self.short_way = WSGIHandler(), ShortWay()
        self.is_behind_proxies = settings.TRUSTED_PROXIES > 0

    def respond(self, environ: Environ, endpoint: Endpoint | None) -> Response:
        """Answer a request.

        Args:
            environ: what the server says of it (PEP 3333).
            endpoint: what is at its address; None where people ask.
        """
        if self.is_behind_proxies:
            settle_scheme(environ)
        if endpoint:
            answer = self.short_way.answer(environ, endpoint)
            return Response(answer.status, list(answer.headers.items()), answer.body)
        started: list[Any] = []
        response: Any = self.through_django(environ, lambda *start: started.extend(start))  # type: ignore[arg-type]
        return Response(response.status_code, started[1], b"".join(response), response.close)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of a server that speaks WSGI (PEP 3333)."""
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        response = self.respond(environ, endpoint_at(environ["PATH_INFO"]))
        start_response(STATUS_LINES[response.status], response.headers)
        if response.close:
            response.close()
        return [response.body]
