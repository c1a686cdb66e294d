"""Scripts of single page applications (Fetch standard): what a browser lets them read, and what not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.actors import Actor
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application, disable_application, enable_application
from tests.factories import make_application
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import (
    AUTHORIZE,
    INTROSPECT,
    JWT_EXCHANGE,
    ME,
    METADATA,
    REVOKE,
    TOKEN,
    VERIFY,
    OAuthClient,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

ORIGIN = "https://client.example"
ATTASK = [
    "/attask/api/v22.0/user/me",
    "/attask/api/v22.0/user/search",
    "/attask/api/v22.0/logout",
    "/attask/api/v22.0/project/search",
]
READABLE = [TOKEN, REVOKE, ME, *ATTASK]
NOT_READABLE = [AUTHORIZE, JWT_EXCHANGE, INTROSPECT, VERIFY, "/accounts/login/"]
ASKED_HEADERS = "authorization,content-type"


def preflight(
    path: str, origin: str = ORIGIN, method: str = "POST", asked: str | None = ASKED_HEADERS
) -> Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if asked is not None:
        headers["Access-Control-Request-Headers"] = asked
    answer: Answer = Client(enforce_csrf_checks=True).options(path, headers=headers)
    return answer


def request(path: str, origin: str = ORIGIN, method: str = "POST") -> Answer:
    headers = {"Origin": origin} if origin else {}
    answer: Answer = Client(enforce_csrf_checks=True).generic(method, path, headers=headers)
    return answer


def cors(answer: Answer) -> dict[str, str]:
    assert "Access-Control-Allow-Credentials" not in answer
    prefix = "Access-Control-"
    return {name.removeprefix(prefix): value for name, value in answer.items() if name.startswith(prefix)}


def varies(answer: Answer, by: str = "Origin") -> bool:
    return by in {name.strip() for name in answer.get("Vary", "").split(",")}


@pytest.mark.spec("B-23", "Fetch §3.3")
@pytest.mark.parametrize("path", READABLE)
def test_a_preflight_is_answered_for_a_registered_origin(single_page: OAuthClient, path: str) -> None:
    answer = preflight(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert cors(answer) == {
        "Allow-Origin": ORIGIN,
        "Allow-Methods": "GET, POST",
        "Allow-Headers": ASKED_HEADERS,
        "Expose-Headers": "WWW-Authenticate, Retry-After, X-Request-Id",
        "Max-Age": "600",
    }
    assert varies(answer)
    assert varies(answer, "Access-Control-Request-Headers")
    assert not answer.cookies


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://client.example",
        "https://client.example:8443",
        "https://client.example.evil.example",
        "https://sub.client.example",
        "https://evilclient.example",
        "https://client.example/",
        "https://client.example/callback",
        "HTTPS://CLIENT.EXAMPLE",
        "https://client.example https://evil.example",
        "null",
        "*",
        "",
        "\xff",
    ],
)
def test_no_other_origin_reads_anything(single_page: OAuthClient, path: str, origin: str) -> None:
    for answer in (preflight(path, origin), request(path, origin), request(path, origin, "GET")):
        assert cors(answer) == {}
        assert varies(answer)


def test_a_script_gets_its_tokens_reads_revokes_and_reads_the_refusal(
    single_page: OAuthClient, visitor: Client
) -> None:
    def post(path: str, parameters: dict[str, str]) -> Answer:
        return single_page.post(path, parameters, Origin=ORIGIN)

    reply = post(TOKEN, single_page.token_parameters(single_page.get_code(visitor)))
    token = reply.json()["access_token"]
    me = single_page.http.get(ME, headers={"Origin": ORIGIN, "Authorization": f"Bearer {token}"})
    parameters = {"client_id": single_page.client_id, "token": token}
    revoked = post(REVOKE, parameters)
    refused = single_page.http.get(ME, headers={"Origin": ORIGIN, "sessionID": token})
    assert [answer.status_code for answer in (reply, me, revoked, refused)] == [200, 200, 200, 401]
    for answer in (reply, me, revoked, refused):
        assert cors(answer)["Allow-Origin"] == ORIGIN
        assert "WWW-Authenticate" in cors(answer)["Expose-Headers"]
        assert varies(answer)


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        (TOKEN, "client_id=OURS", 400, "invalid_request"),
        (TOKEN, "client_id=OURS&grant_type=password", 400, "unsupported_grant_type"),
        (TOKEN, "client_id=OURS&grant_type=refresh_token&refresh_token=unknown", 400, "invalid_grant"),
        (TOKEN, "grant_type=refresh_token&refresh_token=unknown", 401, "invalid_client"),
        (TOKEN, "%FF", 400, "invalid_request"),
        (REVOKE, "client_id=OURS", 400, "invalid_request"),
        (REVOKE, "token=unknown", 401, "invalid_client"),
        (REVOKE, "%FF", 400, "invalid_request"),
    ],
)
def test_errors_are_readable_too(
    single_page: OAuthClient, path: str, body: str, status: int, error: str
) -> None:
    form = "application/x-www-form-urlencoded"
    text = body.replace("OURS", single_page.client_id)
    answer = Client().post(path, text, content_type=form, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert cors(answer)["Allow-Origin"] == ORIGIN


def test_wrong_methods_and_too_many_failures_are_readable_too(
    single_page: OAuthClient, settings: Settings
) -> None:
    assert cors(request(TOKEN, method="GET"))["Allow-Origin"] == ORIGIN
    assert cors(request(ME, method="DELETE"))["Allow-Origin"] == ORIGIN
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 0
    answer = single_page.post(REVOKE, {"client_id": "unknown", "token": "x"}, Origin=ORIGIN)
    assert (answer.status_code, cors(answer)["Allow-Origin"]) == (429, ORIGIN)
    assert "Retry-After" in cors(answer)["Expose-Headers"]


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_every_answer_says_that_it_depends_on_the_origin(path: str, method: str) -> None:
    """A cache may otherwise serve the answer to nobody in particular to a script, or the reverse."""
    assert varies(request(path, "", method))


@pytest.mark.parametrize("path", NOT_READABLE)
def test_all_else_is_unreadable(single_page: OAuthClient, visitor: Client, path: str) -> None:
    for answer in (preflight(path), request(path), request(path, method="GET")):
        assert cors(answer) == {}
    assert cors(visitor.get(path, headers={"Origin": ORIGIN})) == {}


def test_successes_there_are_unreadable_too(
    single_page: OAuthClient, machine: Machine, web: OAuthClient, visitor: Client
) -> None:
    exchanged = machine.client.post(
        JWT_EXCHANGE,
        {
            "client_id": machine.client.client_id,
            "client_secret": machine.client.client_secret,
            "jwt_token": machine.assertion(),
        },
        Origin=ORIGIN,
    )
    token = exchanged.json()["access_token"]
    introspected = machine.client.post(
        INTROSPECT, {"token": token}, Authorization=machine.client.basic, Origin=ORIGIN
    )
    verified = Client().get(VERIFY, headers={"Origin": ORIGIN, "sessionID": token})
    assert introspected.json()["active"] is True
    for answer in (exchanged, introspected, verified):
        assert (answer.status_code, cors(answer)) == (200, {})


@pytest.mark.parametrize("origin", [ORIGIN, "https://anything.example", "null", ""])
def test_everybody_may_read_the_metadata(origin: str) -> None:
    answer = request(METADATA, origin, "GET")
    assert (answer.status_code, cors(answer)) == (200, {"Allow-Origin": "*"})
    asked = preflight(METADATA, origin or ORIGIN, "GET")
    assert asked.status_code == 204
    assert cors(asked) == {
        "Allow-Origin": "*",
        "Allow-Methods": "GET",
        "Allow-Headers": ASKED_HEADERS,
        "Max-Age": "600",
    }
    assert varies(asked, "Access-Control-Request-Headers")


def test_origins_of_other_types_do_not_count(web: OAuthClient) -> None:
    assert cors(preflight(TOKEN)) == {}
    assert cors(request(TOKEN)) == {}


def test_only_enabled_applications_count(single_page: OAuthClient, person: User) -> None:
    application, actor = application_of(single_page), Actor(user=person)
    disable_application(application, actor=actor)
    assert cors(preflight(TOKEN)) == {}
    enable_application(application, actor=actor)
    assert cors(preflight(TOKEN))["Allow-Origin"] == ORIGIN
    delete_application(application, actor=actor)
    assert cors(preflight(TOKEN)) == {}


@pytest.mark.parametrize(
    ("redirect_url", "origin"),
    [
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("https://app.example:443/cb", "https://app.example"),
        ("https://APP.example/cb", "https://app.example"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
        ("http://127.0.0.1/cb", "http://127.0.0.1"),
        ("http://[::1]:8080/cb", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example/cb", "https://xn--bcher-kva.example"),
        ("capacitor://localhost/callback", "capacitor://localhost"),
        ("ionic://localhost/callback", "ionic://localhost"),
    ],
)
def test_the_origin_is_the_one_a_browser_makes_of_the_redirect_url(redirect_url: str, origin: str) -> None:
    make_application(AppType.SINGLE_PAGE, redirect_urls=["https://other.example/", redirect_url])
    assert cors(preflight(TOKEN, origin))["Allow-Origin"] == origin
    assert cors(request(TOKEN, origin))["Allow-Origin"] == origin


def test_an_application_on_a_device_has_no_origin() -> None:
    make_application(AppType.SINGLE_PAGE, redirect_urls=["com.example.app:/callback"])
    for origin in ("com.example.app:", "com.example.app://", "null"):
        assert cors(preflight(TOKEN, origin)) == {}


@pytest.mark.spec("T-52", "RFC 6749 §5.1")
def test_cookies_and_foreign_origins_change_nothing_about_the_answer(
    web: OAuthClient, visitor: Client
) -> None:
    plain = Client(enforce_csrf_checks=True)
    signed_in = Client(enforce_csrf_checks=True)
    signed_in.cookies = visitor.cookies
    foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/page"}
    for browser, headers in ((plain, {}), (plain, foreign), (signed_in, foreign)):
        parameters = web.token_parameters(web.get_code(visitor))
        answer = browser.post(TOKEN, json.dumps(parameters), content_type="application/json", headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert not answer.cookies
        refused = browser.post(TOKEN, "{}", content_type="application/json", headers=headers)
        assert (refused.status_code, refused["Content-Type"]) == (400, "application/json")


@pytest.mark.spec("B-23", "Fetch §4.8")
@pytest.mark.parametrize("path", [TOKEN, ME, METADATA])
@pytest.mark.parametrize(
    "asked",
    [
        "traceparent",
        "authorization,baggage,sentry-trace,traceparent",
        "X-Requested-With, Cache-Control, sessionID",
        "!#$%&'*+-.^_`|~09az",
        ",".join(f"x-header-{number}" for number in range(50)),
    ],
)
def test_a_script_may_send_any_header(single_page: OAuthClient, path: str, asked: str) -> None:
    """The list protects nothing: a browser sends no credentials here, and we read none of these headers."""
    assert cors(preflight(path, asked=asked))["Allow-Headers"] == asked


@pytest.mark.spec("B-23", "Fetch §4.8")
@pytest.mark.parametrize(
    "asked", [None, "", "a: b", 'x"y', "x;y", "x/y", "x\r\nSet-Cookie: a=b", "é", "x" * 2000, "<b>", "a\0"]
)
def test_what_is_no_list_of_names_is_not_repeated(single_page: OAuthClient, asked: str | None) -> None:
    for path, allowed in ((TOKEN, "authorization, content-type, sessionid"), (METADATA, "*")):
        answer = preflight(path, asked=asked)
        assert (answer.status_code, cors(answer)["Allow-Headers"]) == (204, allowed)
        assert not answer.cookies


@pytest.mark.spec("B-24", "RFC 6749 §5.2; Fetch §3.3")
@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize("error", [RuntimeError("on purpose"), OperationalError("gone")], ids=["500", "503"])
def test_our_own_faults_are_readable_too(
    single_page: OAuthClient,
    visitor: Client,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    error: Exception,
) -> None:
    tokens = single_page.get_tokens(visitor)

    def broken(*_: object) -> None:
        raise error

    single_page.http.raise_request_exception = False
    monkeypatch.setattr("oauthapps.sql.clients.client", broken)
    monkeypatch.setattr("oauthapps.sql.access_tokens.bearer", broken)
    parameters = single_page.refresh_parameters(tokens["refresh_token"], token=tokens["access_token"])
    headers = {"Origin": ORIGIN, "sessionID": tokens["access_token"]}
    if path in (TOKEN, REVOKE):
        answer = single_page.post(path, parameters, **headers)
    else:
        answer = single_page.http.get(path, headers=headers)
    status = 503 if isinstance(error, OperationalError) else 500
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
    assert cors(answer)["Allow-Origin"] == ORIGIN
    assert varies(answer)
    assert ("Retry-After" in answer) == (status == 503)
    assert "Retry-After" in cors(answer)["Expose-Headers"]
    assert len(answer["X-Request-Id"]) == 16


@pytest.mark.spec("B-24", "Fetch §3.3")
def test_too_much_is_readable_too(single_page: OAuthClient) -> None:
    answer = single_page.post(TOKEN, {"client_id": single_page.client_id, "x": "x" * 70_000}, Origin=ORIGIN)
    assert answer.status_code in {400, 413}
    assert cors(answer)["Allow-Origin"] == ORIGIN


@pytest.mark.spec("B-24", "Fetch §3.3")
def test_nothing_is_used_up_where_the_origin_cannot_be_looked_up(
    single_page: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = single_page.get_code(visitor)
    single_page.http.raise_request_exception = False

    def broken(_: str) -> bool:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("oauthapps.http.decorators.is_registered", broken)
        answer = single_page.post(TOKEN, single_page.token_parameters(code), Origin=ORIGIN)
        assert answer.status_code == 503
    assert single_page.post(TOKEN, single_page.token_parameters(code), Origin=ORIGIN).status_code == 200


def test_a_request_without_an_origin_pays_nothing_for_this(single_page: OAuthClient) -> None:
    for origin, statements in (("", 0), (ORIGIN, 1)):
        with CaptureQueriesContext(connection) as captured:
            request(ME, origin, "GET")
        assert len(captured) == statements
