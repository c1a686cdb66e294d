"""The line to the database is cut while something is written: was it, or was it not?"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from common.patience import patience
from oauthapps.models import AccessToken, Application, RefreshToken
from oauthapps.models.consents import TokenFamily
from oauthapps.sql import issuing
from tests.infrastructure.relay import Relay
from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("S-15", "RFC 9110 §15.6.4")]


@pytest.fixture
def relay() -> Iterator[Relay]:
    """The line that requests go by."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no line")
    before: Any = connection.settings_dict
    connection.close()
    with Relay(before["HOST"], int(before["PORT"])) as relay:
        connection.settings_dict = {**before, "HOST": "127.0.0.1", "PORT": relay.port}
        yield relay
        connection.close()
        connection.settings_dict = before


@pytest.fixture
def tokens(web: OAuthClient, visitor: Client, relay: Relay) -> dict[str, Any]:
    """Tokens of a client that has refreshed before, so that all statements are prepared."""
    first = web.get_tokens(visitor)
    reply: dict[str, Any] = web.refresh(first["refresh_token"]).json()
    return reply


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
def test_a_refresh_brings_its_tokens_whether_it_had_been_done_or_not(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay, cut: str
) -> None:
    before = AccessToken.objects.count(), RefreshToken.objects.count()
    getattr(relay, cut)(2 if cut == "cut_after" else 1)  # the look-up, then the act
    reply = web.refresh(tokens["refresh_token"])
    assert reply.status_code == 200, reply.content
    assert web.me(reply.json()["access_token"]).status_code == 200
    assert (AccessToken.objects.count(), RefreshToken.objects.count()) == (before[0] + 1, before[1] + 1)
    assert web.refresh(reply.json()["refresh_token"]).status_code == 200
    assert not TokenFamily.objects.exclude(ended_at=None).exists()


def test_so_does_one_that_is_still_under_way_when_it_is_tried_again(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay
) -> None:
    host, port = relay.target
    login = {name: connection.settings_dict[name.upper()] for name in ("user", "password")}
    with psycopg.connect(host=host, port=port, dbname=connection.settings_dict["NAME"], **login) as other:
        other.execute("SELECT FROM oauthapps_refreshtoken FOR UPDATE")
        threading.Timer(1, other.rollback).start()
        relay.cut_during(2)
        reply = web.refresh(tokens["refresh_token"])
    assert reply.status_code == 200, reply.content
    assert web.me(reply.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
def test_so_does_one_without_rotation(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay, cut: str
) -> None:
    Application.objects.update(rotate_refresh_tokens=False)
    assert web.refresh(tokens["refresh_token"]).status_code == 200  # prepares its statement
    getattr(relay, cut)(2 if cut == "cut_after" else 1)
    reply = web.refresh(tokens["refresh_token"])
    assert reply.status_code == 200, reply.content
    assert web.me(reply.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
def test_so_does_a_code(
    web: OAuthClient, visitor: Client, tokens: dict[str, Any], relay: Relay, cut: str
) -> None:
    code = web.get_code(visitor)
    getattr(relay, cut)(2 if cut == "cut_after" else 1)
    reply = web.exchange(code)
    assert reply.status_code == 200, reply.content
    assert web.me(reply.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
def test_so_does_an_assertion_that_works_once(machine: Machine, relay: Relay, cut: str) -> None:
    assert machine.client.exchange_jwt(machine.assertion(jti="first")).status_code == 200
    assertion = machine.assertion(jti="second")
    getattr(relay, cut)(2 if cut == "cut_after" else 1)
    reply = machine.client.exchange_jwt(assertion)
    assert reply.status_code == 200, reply.content
    assert machine.client.me(reply.json()["access_token"]).status_code == 200
    assert machine.client.exchange_jwt(assertion).status_code == 400


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
def test_a_client_in_doubt_sends_the_same_again(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    monkeypatch.setattr(issuing, "DOUBT_SECONDS", 0.5)
    web.http.raise_request_exception = False
    getattr(relay, cut)(2 if cut == "cut_after" else 1, stays_down=True)
    reply = web.refresh(tokens["refresh_token"])
    assert (reply.status_code, reply.json()["error"]) == (503, "temporarily_unavailable")
    assert "may or may not have been saved" in reply.json()["error_description"]
    assert int(reply["Retry-After"]) > 0
    relay.is_down = False
    reply = web.refresh(tokens["refresh_token"])
    assert reply.status_code == 200, reply.content
    assert web.refresh(reply.json()["refresh_token"]).status_code == 200
    assert not TokenFamily.objects.exclude(ended_at=None).exists()


def test_a_code_in_doubt_that_was_used_is_used(
    web: OAuthClient, visitor: Client, tokens: dict[str, Any], relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "DOUBT_SECONDS", 0.5)
    web.http.raise_request_exception = False
    code = web.get_code(visitor)
    relay.cut_after(2, stays_down=True)
    assert web.exchange(code).status_code == 503
    relay.is_down = False
    reply = web.exchange(code)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")


def test_a_request_that_has_waited_is_not_tried_again(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "until", time.monotonic())
    web.http.raise_request_exception = False
    relay.cut_after(2, stays_down=True)
    began = time.monotonic()
    assert web.refresh(tokens["refresh_token"]).status_code == 503
    assert time.monotonic() - began < 1


def test_before_anything_is_written_everybody_is(
    web: OAuthClient, tokens: dict[str, Any], relay: Relay
) -> None:
    web.http.raise_request_exception = False
    relay.cut_before(0)  # the look-up
    reply = web.refresh(tokens["refresh_token"])
    assert (reply.status_code, reply.json()["error"]) == (503, "temporarily_unavailable")
    assert int(reply["Retry-After"]) > 0
    assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_a_person_is_told_to_look_whether_it_was_done(
    web: OAuthClient, visitor: Client, person: User, tokens: dict[str, Any], relay: Relay
) -> None:
    visitor.raise_request_exception = False
    form = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    watched = Watched()
    with connection.execute_wrapper(watched):
        visitor.post(AUTHORIZE, form)
    form = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    with connection.execute_wrapper(CutAtCommit(relay, watched.statements)):
        answer = visitor.post(AUTHORIZE, form)
    assert answer.status_code == 500
    assert "may or may not have been saved" in answer.content.decode()
    assert "Retry-After" not in answer


class Watched:
    """Counts the statements that Django sends."""

    def __init__(self) -> None:
        self.statements = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)


class CutAtCommit(Watched):
    """Cuts the line at what follows the last statement: the commit."""

    def __init__(self, relay: Relay, last: int) -> None:
        super().__init__()
        self.relay, self.last = relay, last

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        done = super().__call__(execute, *arguments)
        if self.statements == self.last:
            self.relay.cut_after(1)
        return done
