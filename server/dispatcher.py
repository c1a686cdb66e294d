"""Two ways in: browser requests go through Django, those of API clients straight to their endpoints.

Sessions, CSRF tokens, messages and sign-in mean nothing to an API client, and Django's handling of a request
takes longer than looking a token up. What its middlewares do for every request is done here as well: a
foreign host, or plain http where https is required, is refused, in JSON, and every response gets the same
headers.
"""

import time
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
from django.urls import Resolver404, resolve

from oauthapps.http.errors import error_response
from oauthapps.http.messages import (
    CLIENT_ID,
    RECEIVED_BODY,
    ApiRequest,
    ApiResponse,
    Endpoint,
    response_to_failure,
)
from oauthapps.http.notes import MOST_WHOLE, Note, cut, notes
from oauthapps.rules.recorded_endpoints import RecordedEndpoint
from server.logs.api_log import log_refusal
from server.pages.error_pages import WRONG_HOST, is_api_path, no_such_endpoint
from server.proxies import settle_scheme
from server.request_ids import begin
from server.security_headers import headers_of_every_response

Environ = dict[str, Any]
Headers = Mapping[str, str]

# By which Django knows a request's host and scheme.
HOST_KEYS = ("wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")
# Hosts that are kept, and the longest path that is: what strangers send must not fill the memory.
MOST_HOSTS = 64
LONGEST_PATH = 200
# Bytes of a body that are noted.
LONGEST_NOTED = 16 * 1024
# Notes that may wait with all that their requests came with: headers take up to 64 KiB each time.
FEW = 100

NO_CONTENT = HTTPStatus.NO_CONTENT.value

NOT_FOUND = Endpoint(no_such_endpoint, needs_database=False, ignores_body=True)
STATUS_LINES = {status: f"{status} {reason}" for status, reason in responses.items()}
NO_HEADERS: Headers = {}
HTTPS_WANTED = (
    "HTTPS is required. If the client used https, the proxy did not pass that on; otherwise the credentials "
    "crossed the network unencrypted: replace them."
)
RIGHT_HOST = "Use the host of BASE_URL in the client, and let a proxy pass the Host header on."
USE_HTTPS = "Use the https URL in the client, let a proxy pass the scheme on, and replace the credentials."


class RefusedError(Exception):
    """A request is refused before its endpoint hears of it.

    Attributes:
        response: says why.
        headers: what every response over its scheme gets.
    """

    def __init__(self, response: ApiResponse, headers: Headers) -> None:
        super().__init__(response.status)
        self.response, self.headers = response, headers


class ApiDispatcher:
    """Answers the requests that may go straight to an endpoint.

    Host and scheme are judged once for each that comes, not once for each request.
    """

    def __init__(self) -> None:
        self.requires_https = settings.SECURE_SSL_REDIRECT
        self.headers = {secure: headers_of_every_response(is_secure=secure) for secure in (False, True)}
        self.known: dict[tuple[str | None, ...], Headers] = {}

    def respond(self, environ: Environ, endpoint: Endpoint) -> ApiResponse:
        """Answer a request for an endpoint."""
        request, added = ApiRequest(environ, begin(environ)), NO_HEADERS
        try:
            added = self.headers[False] if endpoint.is_probe else self.headers_for_host_of(environ)
            response = endpoint.view(request)
        except RefusedError as refused:
            response, added = refused.response, refused.headers
        except Exception as error:  # noqa: BLE001  # Django knows what to do about any
            response = response_to_failure(error, request)
        response.headers = {**added, **response.headers, "X-Request-Id": request.request_id}
        if refusal := response.refusal:
            log_refusal(request, response.status, refusal)
            response.client_id = refusal.client if refusal.is_authenticated else ""
        environ[CLIENT_ID] = response.client_id
        if response.status != NO_CONTENT:  # RFC 9110 section 8.6
            response.headers["Content-Length"] = str(len(response.body))
        if endpoint.recorded_as and notes.are_read:
            note(environ, endpoint.recorded_as, response)
        return response

    def headers_for_host_of(self, environ: Environ) -> Headers:
        """Return the headers that every response gets; raises as `response_headers_for` does."""
        host = tuple(map(environ.get, HOST_KEYS))
        return self.known.get(host) or self.response_headers_for(host)

    def response_headers_for(self, host: tuple[str | None, ...]) -> Headers:
        """Return the headers that every response gets, and keep them as far as there is room.

        Args:
            host: what the server says of host and scheme: the values of `HOST_KEYS`.

        Raises:
            RefusedError: for a foreign host, or plain http where https is required.
        """
        environ = {name: value for name, value in zip(HOST_KEYS, host, strict=True) if value is not None}
        request = WSGIRequest({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO(), **environ})
        headers = self.headers[request.is_secure()]
        try:
            request.get_host()
        except SuspiciousOperation as error:
            raise RefusedError(
                error_response(400, "invalid_request", WRONG_HOST, fix=RIGHT_HOST), headers
            ) from error
        if self.requires_https and not request.is_secure():
            # Never redirected: a client would repeat a POST as GET, or send secrets on.
            refused = error_response(403, "invalid_request", HTTPS_WANTED, fix=USE_HTTPS)
            raise RefusedError(refused, headers)
        if len(self.known) < MOST_HOSTS:
            self.known[host] = headers
        return headers


def note(environ: Environ, endpoint: RecordedEndpoint, answer: ApiResponse) -> None:
    """Note a request that was answered, for the journal: one append, and nothing else in this thread.

    granian would keep a connection for as long as anybody knows what its body came from.
    """
    environ.pop("wsgi.input", None)
    environ.pop("HTTP_COOKIE", None)
    if len(environ.get(RECEIVED_BODY, b"")) > LONGEST_NOTED:
        environ[RECEIVED_BODY] = environ[RECEIVED_BODY][:LONGEST_NOTED]
    waiting = len(notes)
    if waiting < FEW:  # almost always, and it costs nothing
        kept: Environ | None = environ
    else:
        kept = cut(environ) if waiting < MOST_WHOLE else None
    refusal, usage = answer.refusal, answer.usage
    notes.append(
        Note(time.time(), endpoint, kept, answer.status, refusal, answer.client_id, answer.grant_type, usage)
    )


def endpoint_at(path: str) -> Endpoint | None:
    """Return the endpoint at a path, as the server writes it; None for browser requests."""
    return known_endpoint_at(path) if len(path) <= LONGEST_PATH else find_endpoint(path)


def find_endpoint(path: str) -> Endpoint | None:
    """Look a path up among Django's URLs, which takes longer than looking a token up."""
    decoded = get_path_info({"PATH_INFO": path})
    try:
        view = resolve(decoded).func
    except Resolver404:
        return NOT_FOUND if is_api_path(decoded) else None
    return view if isinstance(view, Endpoint) else None


# They are few and come again and again.
known_endpoint_at = lru_cache(maxsize=128)(find_endpoint)


class Response(NamedTuple):
    """What is sent, what is to be done afterward, and what an endpoint answered, for whoever counts."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    close: Callable[[], None] | None = None
    answer: ApiResponse | None = None


class Application:
    """The WSGI application: answers requests, either way."""

    def __init__(self) -> None:
        self.through_django, self.dispatcher = WSGIHandler(), ApiDispatcher()
        self.is_behind_proxies = settings.TRUSTED_PROXIES > 0

    def respond(self, environ: Environ, endpoint: Endpoint | None) -> Response:
        """Answer a request.

        Args:
            environ: what the server says of it (PEP 3333).
            endpoint: what is at its URL; None for browser requests.
        """
        if self.is_behind_proxies:
            settle_scheme(environ)
        if endpoint:
            sent = self.dispatcher.respond(environ, endpoint)
            return Response(sent.status, list(sent.headers.items()), sent.body, answer=sent)
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
