"""Token checks for a proxy's sub-request: yes, nobody, or not enough, and never anything else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.services.applications import disable_application
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import REVOKE, TOKEN, VERIFY, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"]


def ask(
    token: str = "",
    method: str = "GET",
    *,
    below: str = "",
    query: str = "",
    body: bytes | str = b"",
    content_type: str = "application/octet-stream",
    **headers: str,
) -> Answer:
    """A proxy's question, without cookies and with CSRF checks in force."""
    if token:
        headers.setdefault("Authorization", f"Bearer {token}")
    answer: Answer = Client(enforce_csrf_checks=True).generic(
        method, VERIFY + below, body, content_type=content_type, headers=headers, QUERY_STRING=query
    )
    assert answer.status_code in {200, 401, 403}
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer
    assert all(f"{name}: {value}".isascii() for name, value in answer.items())
    return answer


@pytest.fixture
def token(web: OAuthClient, visitor: Client) -> str:
    return str(web.get_tokens(visitor)["access_token"])


@pytest.fixture
def reading_token(web: OAuthClient, visitor: Client) -> str:
    return str(web.get_tokens(visitor, scope="read")["access_token"])


@pytest.fixture
def writing_token(web: OAuthClient, visitor: Client) -> str:
    return str(web.get_tokens(visitor, scope="write")["access_token"])


def test_the_answer_says_who_by_which_client_and_what_for(token: str, web: OAuthClient, person: User) -> None:
    answer = ask(token)
    assert answer.status_code == 200
    assert (answer.content, answer["Content-Type"]) == (b"", "text/plain")
    assert {name: value for name, value in answer.items() if name.startswith("X-Auth")} == {
        "X-Auth-User-Id": person.user_id,
        "X-Auth-Username": person.username,
        "X-Auth-Client-Id": web.client_id,
        "X-Auth-Scope": "read write offline_access",
        "X-Auth-Audience": "http://testserver.localhost",
    }


def test_a_service_is_told_from_a_person(machine: Machine) -> None:
    client = machine.client
    reply = client.post(TOKEN, {"grant_type": "client_credentials"}, Authorization=client.basic).json()
    assert ask(reply["access_token"])["X-Auth-Sub-Type"] == "service"


@pytest.mark.parametrize("method", METHODS)
def test_any_method_is_answered_alike(token: str, method: str) -> None:
    assert ask(token, method).status_code == 200
    assert ask(token, method, query="scope=admin").status_code == 403
    assert ask(method=method).status_code == 401


@pytest.mark.parametrize(
    "below",
    [
        "/",
        "/api/v1/reports",
        "/a//b",
        "/../../token",
        "/%2e%2e/authorize",
        "/é/😀",
        "/%ff%fe",
        "/%00",
        "/a;b=c",
        "/" + "x" * 6000,
        "/a%0ab",
    ],
)
def test_whatever_a_proxy_appends_to_the_path_is_ignored(token: str, below: str) -> None:
    assert ask(token, below=below).status_code == 200
    assert ask(below=below).status_code == 401


def test_what_only_begins_alike_is_somewhere_else(db: None) -> None:
    assert Client().get(f"{VERIFY}-not").status_code in {302, 404}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Bearer é\x80"},
        {"Authorization": "Basic dTpw"},
        {"Authorization": "Bearer " + "x" * 7000},
        {"Authorization": "Bearer ' OR 1=1 --"},
        {"Authorization": "\xff"},
        {"sessionID": "unknown"},
        {"sessionID": "ü"},
    ],
)
def test_without_a_living_token_the_answer_is_401_with_a_challenge(headers: dict[str, str]) -> None:
    answer = ask(**headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith('Bearer realm="gatehouse"')
    assert not [name for name in answer.headers if name.startswith("X-Auth")]


def test_both_headers_are_read(token: str) -> None:
    assert ask(sessionID=token).status_code == 200
    assert ask(token, sessionID=token).status_code == 200
    assert ask(token, sessionID="another").status_code == 401
    assert ask(query=f"sessionID={token}").status_code == 401
    assert ask(query=f"access_token={token}").status_code == 401


@pytest.mark.parametrize("query", ["scope=write", "scope=read+write", "scope=read&scope=write"])
def test_a_scope_is_asked_for_in_the_url(reading_token: str, token: str, query: str) -> None:
    assert ask(token, query=query).status_code == 200
    answer = ask(reading_token, query=query)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert not [name for name in answer.headers if name.startswith("X-Auth")]


def test_a_token_that_only_writes_may_not_read(writing_token: str) -> None:
    assert ask(writing_token, query="scope=write").status_code == 200
    assert ask(writing_token).status_code == 403
    assert ask(writing_token, query="scope=").status_code == 403


@pytest.mark.parametrize("order", ["scope=write&{}", "{}&scope=write"])
def test_a_scope_that_a_stranger_appends_replaces_none(reading_token: str, order: str) -> None:
    for appended in ("scope=read", "scope=", "scope", "SCOPE=read"):
        assert ask(reading_token, query=order.format(appended)).status_code == 403


@pytest.mark.parametrize(
    "scope",
    [
        "admin",
        "READ",
        "read,write",
        "offline",
        "é😀",
        'read"',
        'x", error="',
        "x\r\nX-Auth-User-Id: evil",
        "x\nSet-Cookie: a=b",
        "\0",
        "\ud800",
        "read\twrite",
        "s" * 5000,
        "read admin",
    ],
)
def test_a_scope_that_does_not_exist_is_lacked_and_not_repeated(token: str, scope: str) -> None:
    answer = ask(token, query=f"scope={quote(scope, errors='surrogatepass')}")
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    if scope != "read admin":
        assert "scope=" not in answer["WWW-Authenticate"]
    assert ask(query=f"scope={quote(scope, errors='surrogatepass')}").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "%",
        "%zz=%",
        "=",
        "&&&",
        "a" * 6000,
        "&".join(f"p{number}=1" for number in range(1000)),
        "\xff\xfe=1",
        "%ff=%ff",
        "scope[]=write",
        "a=1;scope=write",
    ],
)
def test_other_parameters_change_nothing(token: str, query: str) -> None:
    assert ask(token, query=query).status_code == 200
    assert ask(query=query).status_code == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("scope=write", "application/x-www-form-urlencoded"),
        ("&".join(f"p{number}=1" for number in range(1000)), "application/x-www-form-urlencoded"),
        ("no boundary", "multipart/form-data"),
        ("broken", "multipart/form-data; boundary=é"),
        ("--x\r\nContent-Disposition: form-data; name=a", "multipart/form-data; boundary=x"),
        ("{" * 5000, "application/json"),
        (b"\xff\x00", "text/plain; charset=nonsense"),
        ("x" * 2_000_000, "application/octet-stream"),
    ],
)
def test_a_body_is_not_read(reading_token: str, body: bytes | str, content_type: str) -> None:
    assert ask(reading_token, "POST", body=body, content_type=content_type).status_code == 200
    assert ask(method="POST", body=body, content_type=content_type).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "nonsense"},
        {"Content-Length": "-1"},
        {"Origin": "https://evil.example"},
        {"Referer": "https://evil.example/"},
        {"X-Forwarded-For": "\xff, nonsense"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Uri": "/\r"},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "nonsense"},
        {"Range": "bytes=0-0"},
        {"Expect": "100-continue"},
        {"Accept": "nonsense"},
        {"Accept-Encoding": "gzip"},
        {"X-HTTP-Method-Override": "TRACE"},
        {"Upgrade": "websocket"},
    ],
)
def test_other_headers_change_nothing(token: str, headers: dict[str, str]) -> None:
    assert ask(token, "POST", **headers).status_code == 200
    assert ask(method="POST", **headers).status_code == 401


def test_a_signed_in_person_without_a_token_is_nobody_here(visitor: Client) -> None:
    assert visitor.get(VERIFY).status_code == 401


def test_a_session_is_neither_read_nor_written(visitor: Client, token: str) -> None:
    visitor.get("/")
    before = Session.objects.values_list("session_data", "expire_date").get()
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            assert not visitor.post(VERIFY, headers=headers).cookies
    assert Session.objects.values_list("session_data", "expire_date").get() == before


def test_a_cookie_of_an_ended_session_is_left_alone(token: str) -> None:
    cookie = "gatehouse_session=" + "x" * 32
    assert ask(Cookie=cookie).status_code == 401
    assert ask(token, Cookie=cookie).status_code == 200


def test_a_user_name_that_is_not_ascii_travels_percent_encoded(token: str, person: User) -> None:
    User.objects.filter(pk=person.pk).update(username="jürgen\r\nX-Evil: 1")
    answer = ask(token)
    assert answer["X-Auth-Username"] == "j%C3%BCrgen%0D%0AX-Evil%3A%201"
    User.objects.filter(pk=person.pk).update(username="ada.l+o_v-e")
    assert ask(token)["X-Auth-Username"] == "ada.l+o_v-e"


def test_the_answer_follows_at_once_when_a_token_ends(
    web: OAuthClient, visitor: Client, token: str, person: User
) -> None:
    web.post(REVOKE, {"token": token}, Authorization=web.basic)
    assert ask(token).status_code == 401
    second = web.get_tokens(visitor)["access_token"]
    assert ask(second).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert ask(second).status_code == 401
    User.objects.filter(pk=person.pk).update(is_active=True)
    disable_application(application_of(web), actor=Actor(user=person))
    assert ask(second).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(3599, 200), (3601, 401)])
def test_an_access_token_lives_an_hour(web: OAuthClient, visitor: Client, seconds: int, status: int) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        token = web.get_tokens(visitor)["access_token"]
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert ask(token).status_code == status


def test_a_machines_token_speaks_for_its_person(machine: Machine) -> None:
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    answer = ask(token, query="scope=write")
    assert answer["X-Auth-User-Id"] == machine.key.subject
    assert answer["X-Auth-Client-Id"] == machine.client.client_id


def test_it_costs_one_statement(token: str) -> None:
    with CaptureQueriesContext(connection) as statements:
        assert ask(token, query="scope=write").status_code == 200
    assert len(statements) == 1


def test_behind_a_proxy_with_https_the_proxy_says_so(token: str, settings: Settings) -> None:
    """What the recipe's X-Forwarded-Proto is for: without it the answer is no."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 1
    assert ask(token, **{"X-Forwarded-Proto": "https"}).status_code == 200
    assert Client().get(VERIFY).status_code == 403
