"""Programs' requests go a shorter way than people's."""

import gc
import json
import logging
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string

from accounts.services.identity_providers import offered
from oauthapps.http.messages import ApiRequest, ApiResponse
from server.dispatcher import ApiDispatcher, Application, endpoint_at
from server.security_headers import headers_of_every_response
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, ME, METADATA, REVOKE, TOKEN, VERIFY

pytestmark = pytest.mark.django_db

ASKED = [TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT, ME, VERIFY, METADATA]


def asked(path: str, **meta: Any) -> dict[str, Any]:
    """What the server says of a request."""
    return RequestFactory().get(path, **meta).META


def answered(environ: dict[str, Any], dispatcher: ApiDispatcher | None = None) -> ApiResponse:
    """What the endpoint at an address answers."""
    endpoint = endpoint_at(environ["PATH_INFO"])
    assert endpoint is not None
    return (dispatcher or ApiDispatcher()).respond(environ, endpoint)


@pytest.mark.parametrize("path", [*ASKED, "/api/v1/nothing"])
def test_a_program_gets_the_headers_that_people_get(path: str) -> None:
    page, answer = Client().get("/accounts/login/"), Client().get(path)
    everywhere = {
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    }
    assert {name: page[name] for name in everywhere}.items() <= answer.headers.items()
    assert answer["Content-Length"] == str(len(answer.content))
    assert len(answer["X-Request-Id"]) == 16
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Request-Id"] != Client().get(path)["X-Request-Id"]


def broken(_: object) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that no request gets past."""

    def middleware(_: HttpRequest) -> HttpResponse:
        raise RuntimeError("in a middleware")

    return middleware


@pytest.mark.parametrize("path", ASKED)
def test_requests_of_api_clients_meet_no_middleware(settings: Any, path: str) -> None:
    status = Client().get(path).status_code
    settings.MIDDLEWARE = [f"{__name__}.broken"]
    assert Client().get(path).status_code == status


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/console/applications/", "/integrations/oauth2/authorize"]
)
def test_browser_requests_do(settings: Any, path: str) -> None:
    settings.MIDDLEWARE = [f"{__name__}.broken"]
    with pytest.raises(RuntimeError, match="in a middleware"):
        Client().get(path)


@pytest.mark.parametrize("path", ASKED)
def test_both_ways_say_the_same(path: str) -> None:
    """As they would where another server than ours leads every request through Django."""
    view = endpoint_at(path)
    assert view is not None
    request = RequestFactory().get(path)
    through_django, short = view(request), answered(request.META)
    assert (through_django.status_code, through_django.content) == (short.status, short.body)
    assert through_django.headers.items() <= short.headers.items()


@pytest.mark.parametrize("path", ASKED)
def test_a_foreign_host_is_refused_on_both_ways(path: str) -> None:
    answer = Client().get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert headers_of_every_response(is_secure=False).items() <= answer.headers.items()
    assert Client().get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.spec("T-86", "RFC 9700 §4.12")
@pytest.mark.parametrize("path", [*ASKED, "/api/v1/nothing"])
def test_by_plain_http_programs_are_refused_and_never_redirected(settings: Any, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for answer in (Client().get(path), Client().post(path, headers={"X-Forwarded-Proto": "http"})):
        assert (answer.status_code, answer.json()["error"]) == (403, "invalid_request")
        assert "Location" not in answer
    assert Client().get("/accounts/login/").status_code == 301


def test_by_https_programs_get_the_headers_of_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60
    answer = Client().get(ME, headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 401
    assert answer["Strict-Transport-Security"] == "max-age=60"


@pytest.mark.spec("T-87", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    "path",
    [
        f"/{TOKEN}",
        TOKEN.upper(),
        f"{TOKEN}/",
        f"{ME}/",
        "/Api/V1/me",
        "//api//v1//me",
        "/integrations/oauth2/.well-known/oauth-authorization-server",
        "/integrations/oauth2/",
        "/integrations/nothing",
        "/attask",
        "/api",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_however_a_programs_path_is_spelled_it_is_answered_in_json(path: str, method: str) -> None:
    answer = answered({**asked("/"), "PATH_INFO": path, "REQUEST_METHOD": method})
    assert (answer.status, json.loads(answer.body)["error"]) == (404, "not_found")


def test_what_strangers_send_is_not_kept() -> None:
    dispatcher = ApiDispatcher()

    def held_after(numbers: range, *lengths: int) -> int:
        """Let strangers send paths of these lengths, and return how many bytes are in use afterward."""
        for number in numbers:
            for length in lengths:
                answered({**asked("/"), "PATH_INFO": f"/api/{number}{'x' * length}"}, dispatcher)
            answered(asked(ME, HTTP_HOST=f"{'x' * 200}{number}.example"), dispatcher)
            answered(asked(ME, HTTP_HOST=f"testserver:{number + 1}"), dispatcher)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    logging.disable()  # its lines are kept, for the report of a failure
    tracemalloc.start()
    try:
        before = held_after(range(150), 180)  # more than there is room for
        assert held_after(range(150, 400), 180, 2000) - before < 20_000
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)


def json_response(_: HttpRequest) -> HttpResponse:
    return HttpResponse(content_type="application/json")


@pytest.mark.parametrize("seconds", [0, 60])
@pytest.mark.parametrize(("subdomains", "preload"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_headers_are_those_that_the_middlewares_make(
    settings: Any, seconds: int, subdomains: bool, preload: bool, scheme: str
) -> None:
    settings.SECURE_HSTS_SECONDS = seconds
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = subdomains, preload
    names = ("SecurityHeadersMiddleware", "SecurityMiddleware", "XFrameOptionsMiddleware")
    chain: Any = json_response
    for name in reversed(settings.MIDDLEWARE):
        if name.endswith(names):
            chain = import_string(name)(chain)
    request = RequestFactory().get("/", secure=scheme == "https")
    headers = dict(chain(request).items())
    del headers["Content-Type"]
    assert headers_of_every_response(is_secure=scheme == "https") == headers


def failing(error: Exception) -> Any:
    """An answer that cannot be made."""

    def answer(_: ApiRequest) -> ApiResponse:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("on purpose"), 500), (OperationalError("gone"), 503)],
    ids=["our fault", "no database"],
)
def test_what_fails_is_told_and_logged_as_everywhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    endpoint = endpoint_at(ME)
    assert endpoint is not None
    monkeypatch.setattr(endpoint, "view", failing(error))
    with caplog.at_level(logging.ERROR):
        answer = answered(asked(ME))
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.headers["X-Request-Id"]) == 16
    assert [record.exc_info and record.exc_info[1] for record in caplog.records] == [error]


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/integrations/oauth2/api/v1/token/", "/.well-known/openid-configuration"]
)
def test_where_programs_find_nothing_no_cookie_means_anything(path: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "expired"
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert not answer.cookies
    assert "Vary" not in answer


@pytest.mark.parametrize("path", [TOKEN, ME, METADATA])
def test_a_permission_that_a_browser_asks_for_has_no_body(path: str) -> None:
    asking = {"Access-Control-Request-Method": "GET", "Origin": "https://client.example"}
    answer = Client().options(path, headers=asking)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer
    assert "Content-Length" not in answer


def test_what_the_server_calls_answers_on_both_ways() -> None:
    said: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        said.append((status, headers))

    offered()  # or the page would ask, and the first request closes the connection of tests
    handler = Application()
    short: Iterable[bytes] = handler(asked(ME), start_response)
    page = handler(asked("/accounts/login/"), start_response)
    assert b"not currently logged in" in b"".join(short)
    assert b"<html" in b"".join(page)
    assert [status for status, _ in said] == ["401 Unauthorized", "200 OK"]
    assert ("Content-Type", "application/json") in said[0][1]
