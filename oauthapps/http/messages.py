"""Requests and responses of API clients: HTTP without the browser's part.

A request has no session, no cookies and no user here, so that nothing a browser sends by itself can mean
anything. Making Django's own requests and responses would also cost more than looking a token up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from audit.actors import Actor
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

JSON = "application/json"
# Bytes that a body may have.
MAX_BODY_BYTES = 64 * 1024
# Where a server that receives bodies whole, and no larger than an endpoint takes, leaves them in the environ.
RECEIVED_BODY = "gatehouse.body"
# Where it has the request's id. No header of a client's can have these names.
REQUEST_ID = "gatehouse.request_id"
# Where the environ of a request that was answered has the Client ID, for its line of the log.
CLIENT_ID = "gatehouse.client_id"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request of an API client.

    Attributes:
        environ: what the server says of it (PEP 3333).
        request_id: the id under which it is found in logs.
    """

    environ: dict[str, Any]
    request_id: str

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return str(self.environ["REQUEST_METHOD"]).upper()

    @property
    def authorization(self) -> str:
        """The Authorization header; empty when there is none."""
        return str(self.environ.get("HTTP_AUTHORIZATION", ""))

    @property
    def query(self) -> str:
        """What follows the question mark in the URL."""
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return str(self.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()

    def bounded_body(self) -> bytes | None:
        """Return the body's bytes, and keep them for the journal; None where there are too many.

        Raises:
            ValueError: when its Content-Length is no number.
            OSError: when it does not come.
        """
        if RECEIVED_BODY not in self.environ:
            announced = self.environ.get("CONTENT_LENGTH") or ""
            if announced and not (announced.isascii() and announced.isdecimal()):
                raise ValueError(announced)
            if len(announced) > len(str(MAX_BODY_BYTES)) or int(announced or 0) > MAX_BODY_BYTES:
                return None
            # In chunks only where the server ends the input with the body: reading could go on for ever.
            most = MAX_BODY_BYTES + 1 if self.environ.get("wsgi.input_terminated") else 0
            self.environ[RECEIVED_BODY] = self.environ["wsgi.input"].read(int(announced or most))
        body: bytes = self.environ[RECEIVED_BODY]
        return body if len(body) <= MAX_BODY_BYTES else None

    def sender(self) -> Actor:
        """Find out who sent it; nothing is known but where from."""
        return Actor.anonymous(self.for_django())

    def for_django(self) -> HttpRequest:
        """Return it as Django sees requests, without its body: what Django does with it needs none.

        Django writes into what it is given.
        """
        request = WSGIRequest({**self.environ, "wsgi.input": BytesIO()})
        request.request_id = self.request_id  # type: ignore[attr-defined]
        return request


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was refused, as administrators read it; nothing in it could be a credential.

    Attributes:
        cause: what was wrong, in one plain sentence.
        fix: what to do about it, in one plain sentence.
        details: what pages show or offer besides, as JSON holds it.
        hides_client_id: whether what was sent as `client_id` is a credential that looks like a Client ID.
    """

    cause: str
    fix: str
    details: Mapping[str, Any] = field(default_factory=dict)
    hides_client_id: bool = False


Explain = Callable[[], Explanation]


class Usage(NamedTuple):
    """What a request of a client was about, for whoever counts; primary keys, and 0 or None for nothing.

    Attributes:
        application_id: the client's application.
        secret_id: the secret that its client showed.
        key_ids: the keys that its client signed with.
        redirect_url_id: the redirect URL that its code was sent to.
        person_id: whom the tokens speak for.
        apis: the APIs that they are for; 0 for the built-in one.
    """

    application_id: int
    secret_id: int | None = None
    key_ids: tuple[int, ...] = ()
    redirect_url_id: int | None = None
    person_id: int | None = None
    apis: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the log says of a request that is refused; nothing in it could be a credential.

    Attributes:
        error: the error code.
        reason: why, in a sentence.
        client: the Client ID; empty where it is not known.
        is_authenticated: whether that is proven, and not only claimed.
        username: the person it spoke for; empty where it spoke for nobody.
        replay: what was presented again after it was used up or replaced: `code`, `refresh_token`,
            `assertion` or `client_assertion`; empty where nothing was.
        explain: says why to administrators, who may know more than the client. It is called after the request
            was answered, if at all, may look things up, and holds on to no credential.
    """

    error: str
    reason: str
    client: str = ""
    username: str = ""
    replay: str = ""
    is_authenticated: bool = True
    explain: Explain | None = None


@dataclass(slots=True)
class ApiResponse:
    """A response to an API client.

    Attributes:
        status: the HTTP status, in numbers.
        body: its bytes.
        headers: what is particular to it; none repeats what was sent, unless it equals what is registered
            or is made of names of headers.
        refusal: what the log says of it, where it refuses.
        client_id: that of the client which was given what it asked for; empty where it is not known.
        grant_type: what a token request asks for, in its own words; None in answers to others.
        usage: says what it was about, in answers to clients that said who they are. It is called after the
            request was answered, if at all.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None
    client_id: str = ""
    grant_type: str | None = None
    usage: Callable[[], Usage] | None = None


def json_response(
    members: Any, status: int = 200, headers: dict[str, str] | None = None, client_id: str = ""
) -> ApiResponse:
    """Return a response in JSON.

    Args:
        members: those of its object.
        status: the HTTP status, in numbers.
        headers: what else it says.
        client_id: the client's, for the log.
    """
    body, headers = json.dumps(members).encode(), {"Content-Type": JSON, **(headers or {})}
    return ApiResponse(status, body, headers, client_id=client_id)


ApiView = Callable[[ApiRequest], ApiResponse]


def response_to_failure(error: Exception, request: ApiRequest) -> ApiResponse:
    """Return Django's response to a request that met an error on our side, while that is handled."""
    response = response_for_exception(request.for_django(), error)
    return ApiResponse(response.status_code, response.content, dict(response.items()))


class Endpoint:
    """What answers API clients at a URL, as Django's URLconf wants it.

    To Django it is a view that is open to everybody and wants no CSRF token: no cookie authenticates here.
    Our server does not go through Django to it (`server.dispatcher`).

    Args:
        view: makes the responses.
        only_reads: whether nothing is written for a request that is answered with 200, a POST included.
        needs_database: whether it asks the database anything.
        ignores_body: whether it does not look at a request's body.
        is_probe: whether machines ask it all the time, by whatever host they know: it answers on any, and
            the access log has no line of it.
        recorded_as: as which endpoint its requests are recorded; None where they are not.
    """

    login_required = False
    csrf_exempt = True

    def __init__(
        self,
        view: ApiView,
        *,
        only_reads: bool = False,
        needs_database: bool = True,
        ignores_body: bool = False,
        is_probe: bool = False,
        recorded_as: RecordedEndpoint | None = None,
    ) -> None:
        self.view = view
        self.only_reads = only_reads
        self.needs_database = needs_database
        self.ignores_body = ignores_body
        self.is_probe = is_probe
        self.recorded_as = recorded_as

    def __call__(self, request: HttpRequest, **_of_the_url: str) -> HttpResponse:
        """Answer a request that came through Django."""
        return to_django_response(self.view(ApiRequest(request.META, getattr(request, "request_id", ""))))


def to_django_response(sent: ApiResponse) -> HttpResponse:
    """Return a response as Django sends it."""
    response = HttpResponse(sent.body, status=sent.status, headers=sent.headers)
    if "Content-Type" not in sent.headers:
        del response["Content-Type"]
    return response
