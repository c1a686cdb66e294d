"""What the token endpoint replies."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Organization, User
from tests.oauth2.conftest import Machine
from tests.oauth_client import JWT_EXCHANGE, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db


@pytest.mark.spec("T-01", "RFC 6749 §4.1.3")
def test_code_verifier_and_secret_give_tokens_that_work(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    web.pkce = True
    tokens = web.get_tokens(visitor)
    assert web.me(tokens["access_token"]).json()["ID"] == person.user_id


@pytest.mark.spec("T-02", "RFC 6749 §5.1")
def test_every_answer_is_json_that_nobody_may_keep(
    web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    for answer, status in (
        (web.exchange(web.get_code(visitor)), 200),
        (web.exchange("gtcode_unknown"), 400),
        (web.exchange("gtcode_unknown", client_secret="wrong"), 401),
        (web.http.post(TOKEN, "[", content_type="application/json"), 400),
        (machine.client.exchange_jwt(machine.assertion()), 200),
        (machine.client.exchange_jwt("garbage"), 400),
        (machine.client.exchange_jwt(machine.assertion(), client_secret="wrong"), 401),
        (web.http.post(JWT_EXCHANGE, "[", content_type="application/json"), 400),
    ):
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/json"
        assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.spec("T-03", "RFC 6749 §5.1; Workfront")
@pytest.mark.parametrize(
    ("scope", "refreshable"),
    [
        (None, True),
        ("", True),
        ("read write offline_access", True),
        ("offline_access", True),
        ("read write", False),
        ("read", False),
    ],
)
def test_all_five_members_are_there_whenever_access_may_be_kept(
    web: OAuthClient, visitor: Client, scope: str | None, refreshable: bool
) -> None:
    tokens = web.get_tokens(visitor, scope=scope)
    assert ("refresh_token" in tokens) == refreshable
    assert tokens["token_type"] == "Bearer"
    assert isinstance(tokens["access_token"], str)
    assert type(tokens["expires_in"]) is int
    assert tokens["expires_in"] > 0
    assert tokens["wid"] == Organization.current().customer_id
    if refreshable:
        assert isinstance(tokens["refresh_token"], str)


@pytest.mark.spec("T-04", "RFC 6749 §10.10")
@pytest.mark.spec("R-19", "Workfront")
def test_tokens_have_256_random_bits_in_letters_that_need_no_encoding(
    web: OAuthClient, visitor: Client
) -> None:
    replies = [web.get_tokens(visitor) for _ in range(5)]
    for name, prefix in (("access_token", "gtacc_"), ("refresh_token", "gtref_")):
        values = {reply[name] for reply in replies}
        assert len(values) == len(replies)
        for value in values:  # 43 characters of six bits, and a checksum
            assert re.fullmatch(prefix + "[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", value)


@pytest.mark.spec("T-05", "RFC 6749 §3.2")
def test_a_token_request_starts_no_session(web: OAuthClient, visitor: Client) -> None:
    code, sessions = web.get_code(visitor), Session.objects.count()
    answer = web.exchange(code)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert not answer.cookies
    assert Session.objects.count() == sessions
