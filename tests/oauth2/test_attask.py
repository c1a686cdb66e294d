"""The API calls of integrations that were written for Workfront: `/attask/…`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Event, EventKind
from oauthapps.models import AccessToken
from tests.oauth2.answers import challenge
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import INTROSPECT, ME, VERIFY, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

USER_ME = "/attask/api/v22.0/user/me"
LOGOUT = "/attask/api/v22.0/logout"
UNKNOWN = [
    "/attask/",
    "/attask/api",
    "/attask/api/v22.0",
    "/attask/api/v22.0/project/search",
    "/attask/api/v22.0/user/me/",
    "/attask/api/v22.0/user/4c78821c0000d6fa8d5e52f07a1d54d0",
    "/attask/api/user/me",
    "/attask/api/logout",
    "/attask/api/v22.0/logout/",
    "/attask/api/v22.0/user%0Ame",
    "/attask/api/v22.0/%E2%82%AC%FF",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
NOBODY = {"error": {"class": "AuthenticationException", "message": "You are not currently logged in."}}
NOTHING = {"error": {"class": "NotFoundException", "message": "There is no endpoint at this URL."}}


def send(path: str, token: str = "", method: str = "GET", **headers: str) -> Answer:
    headers |= {"sessionID": token} if token else {}
    answer: Answer = Client().generic(method, path, headers=headers)
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    return answer


@pytest.mark.spec("B-20", "Workfront; RFC 6750 §3")
@pytest.mark.parametrize("path", UNKNOWN)
def test_what_does_not_exist_is_told_to_who_is_signed_in(token: str, path: str) -> None:
    for method in METHODS:
        nobody, guess = send(path, "", method), send(path, "unknown", method)
        assert (nobody.status_code, nobody["WWW-Authenticate"]) == (401, challenge())
        assert guess.status_code == 401
        assert guess["WWW-Authenticate"] == challenge(', error="invalid_token"')
        known = send(path, token, method)
        assert (known.status_code, "WWW-Authenticate" in known) == (404, False)
        if method != "HEAD":
            assert nobody.json() == guess.json() == NOBODY
            assert known.json() == NOTHING


@pytest.mark.spec("B-20", "Workfront")
def test_whatever_a_token_may_do_it_hears_that_nothing_is_there(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor, scope="write")["access_token"]
    assert send("/attask/api/v22.0/task/search", token).status_code == 404
    assert send(USER_ME, token).status_code == 403


@pytest.mark.spec("B-21", "Workfront; RFC 9110 §15.5.6")
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (USER_ME, "POST", "GET, HEAD"),
        ("/attask/api/v22.0/user/search", "DELETE", "GET, HEAD"),
        (LOGOUT, "PUT", "GET, POST"),
    ],
)
def test_another_method_is_refused_in_the_same_words(
    token: str, path: str, method: str, allowed: str
) -> None:
    answer = send(path, token, method)
    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    assert answer.json() == {
        "error": {
            "class": "MethodNotAllowedException",
            "message": f"Only {' and '.join(allowed.split(', '))} are allowed.",
        }
    }


@pytest.mark.spec("B-22", "Workfront/workfront-api")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("version", ["v22.0", "v15.0", "unsupported"])
@pytest.mark.parametrize(
    "headers", [{"sessionID": "{}"}, {"Authorization": "Bearer {}"}], ids=["sessionID", "Bearer"]
)
def test_logging_out_ends_the_token(
    web: OAuthClient, token: str, method: str, version: str, headers: dict[str, str]
) -> None:
    sent = {name: value.format(token) for name, value in headers.items()}
    answer = send(f"/attask/api/{version}/logout", "", method, **sent)
    assert (answer.status_code, answer.json()) == (200, {"data": {"success": True}})
    assert token not in answer.content.decode() + str(answer.headers)
    for path in (ME, USER_ME, VERIFY, LOGOUT, "/attask/api/v22.0/task/search"):
        assert send(path, token).status_code == 401
    described = web.post(INTROSPECT, {"token": token}, Authorization=web.basic)
    assert described.json() == {"active": False}


@pytest.mark.spec("B-22", "Workfront/workfront-api")
@pytest.mark.parametrize("scope", ["read write offline_access", "write offline_access"])
def test_logging_out_ends_nothing_else(web: OAuthClient, visitor: Client, scope: str) -> None:
    first = web.get_tokens(visitor, scope=scope)
    others = [web.refresh(first["refresh_token"]).json(), web.get_tokens(visitor)]
    assert send(LOGOUT, first["access_token"]).status_code == 200
    for other in others:
        assert send("/attask/", other["access_token"]).status_code == 404  # it lives
        assert web.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.spec("B-22", "ASVS 16.2.1")
def test_logging_out_is_recorded_once(web: OAuthClient, token: str) -> None:
    assert [send(LOGOUT, token).status_code for _ in range(2)] == [200, 401]
    event = Event.objects.get(kind=EventKind.TOKEN_REVOKED)
    assert event.application == application_of(web)
    assert event.actor_name == f"client {web.client_id}"
    assert event.address == "127.0.0.1"


@pytest.mark.spec("B-22", "Workfront/workfront-api")
def test_a_machine_logs_out_too(machine: Machine) -> None:
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    assert send(LOGOUT, token).json() == {"data": {"success": True}}
    assert send(ME, token).status_code == 401


@pytest.mark.spec("B-22", "RFC 9110 §9.2.1")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE"])
def test_no_other_method_logs_out(token: str, method: str) -> None:
    assert send(LOGOUT, token, method).status_code == 405
    assert send(ME, token).status_code == 200


@pytest.mark.spec("B-22", "RFC 6750 §3")
def test_nobody_is_logged_out_without_a_token(visitor: Client, token: str) -> None:
    assert send(LOGOUT).json() == NOBODY
    assert visitor.post(LOGOUT).status_code == 401  # a session is no token
    assert visitor.get("/").status_code == 200
    assert AccessToken.objects.get().revoked_at is None


@pytest.mark.spec("B-20", "ASVS 15.2.2")
def test_what_does_not_exist_costs_one_look_at_the_token(token: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        send("/attask/api/v22.0/task/search", token)
    assert len(captured) == 1
