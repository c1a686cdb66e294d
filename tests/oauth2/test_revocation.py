"""Revocation (RFC 7009)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.models import Event, EventKind
from oauthapps.models import AccessToken, TokenFamily
from oauthapps.models.consents import EndReason
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import REVOKE, OAuthClient, given

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


def revoke(client: OAuthClient, token: str | None, **changes: str | None) -> Answer:
    parameters: dict[str, str | None] = {
        "token": token,
        "client_id": client.client_id,
        "client_secret": client.client_secret or None,
    }
    answer = client.post(REVOKE, given(parameters | changes))
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    return answer


def lives(client: OAuthClient, access_token: str) -> bool:
    return client.me(access_token).status_code == 200


@pytest.fixture(params=["web", "single_page"])
def client(request: pytest.FixtureRequest) -> OAuthClient:
    """Both types that people sign in to."""
    client: OAuthClient = request.getfixturevalue(request.param)
    return client


@pytest.mark.spec("V-01", "RFC 7009 §2.1")
def test_a_revoked_access_token_is_dead_at_once_and_the_rest_lives(
    client: OAuthClient, visitor: Client
) -> None:
    first = client.get_tokens(visitor)
    second = client.refresh(first["refresh_token"]).json()
    assert revoke(client, first["access_token"]).status_code == 200
    assert not lives(client, first["access_token"])
    assert lives(client, second["access_token"])
    assert client.refresh(second["refresh_token"]).status_code == 200


@pytest.mark.spec("V-01", "RFC 7009 §2.1")
def test_a_machine_revokes_its_token(machine: Machine) -> None:
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    assert lives(machine.client, token)
    assert revoke(machine.client, token).status_code == 200
    assert not lives(machine.client, token)


@pytest.mark.spec("V-02", "RFC 7009 §2.2")
@pytest.mark.parametrize("token", ["unknown", "gtacc_x", "gtref_x", "é", "x" * 5000, "' OR 1=1 --"])
def test_an_unknown_token_is_as_good_as_revoked(client: OAuthClient, token: str) -> None:
    answer = revoke(client, token)
    assert (answer.status_code, answer.json()) == (200, {})
    assert not Event.objects.filter(kind=EventKind.TOKEN_REVOKED).exists()


@pytest.mark.spec("V-02", "RFC 7009 §2.2")
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_second_time_is_fine_and_no_second_event(client: OAuthClient, visitor: Client, kind: str) -> None:
    token = client.get_tokens(visitor)[kind]
    assert [revoke(client, token).status_code for _ in range(3)] == [200, 200, 200]
    assert Event.objects.filter(kind=EventKind.TOKEN_REVOKED).count() == 1


@pytest.mark.spec("V-02", "RFC 7009 §2.2")
def test_an_expired_token_is_as_good_as_revoked(client: OAuthClient, visitor: Client) -> None:
    token = client.get_tokens(visitor)["access_token"]
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert revoke(client, token).status_code == 200


@pytest.mark.spec("V-03", "RFC 7009 §2.1")
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "nonsense", "é"])
def test_a_hint_is_only_a_hint(client: OAuthClient, visitor: Client, hint: str) -> None:
    first, second = (client.get_tokens(visitor) for _ in range(2))
    assert revoke(client, first["access_token"], token_type_hint=hint).status_code == 200
    assert not lives(client, first["access_token"])
    assert revoke(client, second["refresh_token"], token_type_hint=hint).status_code == 200
    assert not lives(client, second["access_token"])


@pytest.mark.spec("V-04", "RFC 7009 §2.1")
def test_a_revoked_refresh_token_is_dead_at_once(client: OAuthClient, visitor: Client) -> None:
    tokens = client.get_tokens(visitor)
    assert revoke(client, tokens["refresh_token"]).status_code == 200
    refused = client.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert TokenFamily.objects.get().end_reason == EndReason.REVOKED_BY_CLIENT
    event = Event.objects.get(kind=EventKind.TOKEN_REVOKED)
    assert event.application == application_of(client)


@pytest.mark.spec("V-05", "RFC 7009 §2.1")
@pytest.mark.parametrize("generation", [0, 1, 2])
def test_a_revoked_refresh_token_takes_every_token_of_its_grant_along(
    client: OAuthClient, visitor: Client, generation: int
) -> None:
    """Also one that was replaced long ago: whoever still holds it wants the whole grant to end."""
    other_grant = client.get_tokens(visitor)
    family = [client.get_tokens(visitor)]
    for _ in range(2):
        family.append(client.refresh(family[-1]["refresh_token"]).json())
    assert all(lives(client, tokens["access_token"]) for tokens in family)
    assert revoke(client, family[generation]["refresh_token"]).status_code == 200
    assert not any(lives(client, tokens["access_token"]) for tokens in family)
    assert client.refresh(family[-1]["refresh_token"]).status_code == 400
    assert lives(client, other_grant["access_token"])
    assert client.refresh(other_grant["refresh_token"]).status_code == 200


@pytest.mark.spec("V-06", "RFC 7009 §2.1")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": None},
        {"client_secret": ""},
        {"client_secret": "wrong"},
        {"client_id": None},
        {"client_id": "0" * 32},
        {"client_id": None, "client_secret": None},
    ],
)
def test_a_web_application_must_authenticate(
    web: OAuthClient, visitor: Client, changes: dict[str, str | None]
) -> None:
    tokens = web.get_tokens(visitor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        answer = revoke(web, token, **changes)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert lives(web, tokens["access_token"])
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("V-07", "RFC 7009 §2.1")
def test_another_clients_token_is_left_alone(
    web: OAuthClient, single_page: OAuthClient, machine: Machine, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    for stranger in (single_page, machine.client):
        assert revoke(stranger, tokens["access_token"]).status_code == 200
        assert revoke(stranger, tokens["refresh_token"]).status_code == 200
    assert lives(web, tokens["access_token"])
    assert web.refresh(tokens["refresh_token"]).status_code == 200
    assert not Event.objects.filter(kind=EventKind.TOKEN_REVOKED).exists()


@pytest.mark.spec("V-07", "RFC 7009 §2.1")
def test_whoever_may_look_at_all_tokens_revokes_none_of_them(
    web: OAuthClient, verifier_machine: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    assert revoke(verifier_machine, tokens["refresh_token"]).status_code == 200
    assert lives(web, tokens["access_token"])


@pytest.mark.spec("V-08", "RFC 7009 §2.1")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_revokes(web: OAuthClient, visitor: Client, method: str) -> None:
    token = web.get_tokens(visitor)["access_token"]
    answer = web.http.generic(
        method, REVOKE, headers={"Authorization": web.basic}, QUERY_STRING=f"token={token}"
    )
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert lives(web, token)


@pytest.mark.spec("V-08", "RFC 7009 §2.1")
@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_token_is_refused(client: OAuthClient, token: str | None) -> None:
    answer = revoke(client, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("V-08", "RFC 7009 §2.1")
def test_a_token_in_the_url_or_twice_is_refused(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    headers = {"Authorization": web.basic}
    in_url = web.post(f"{REVOKE}?token={token}", {}, **headers)
    form = "application/x-www-form-urlencoded"
    twice = web.http.post(REVOKE, f"token={token}&token={token}", content_type=form, headers=headers)
    for answer in (in_url, twice):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert lives(web, token)


@pytest.mark.spec("V-09", "oidc-client-ts")
def test_the_answer_is_an_empty_json_object(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    for value in (tokens["access_token"], tokens["refresh_token"], "unknown"):
        answer = web.post(REVOKE, {"token": value}, Authorization=web.basic)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert answer.json() == {}


@pytest.mark.spec("V-10", "Workfront PKCE page")
@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_a_single_page_application_logs_out_with_json_and_its_refresh_token(
    single_page: OAuthClient, visitor: Client, content_type: str
) -> None:
    tokens = single_page.get_tokens(visitor)
    body = {
        "client_id": single_page.client_id,
        "refresh_token": tokens["refresh_token"],
        "redirect_uri": single_page.redirect_uri,
    }
    answer = single_page.http.post(REVOKE, json.dumps(body), content_type=content_type)
    assert (answer.status_code, answer.json()) == (200, {})
    assert not lives(single_page, tokens["access_token"])
    assert single_page.refresh(tokens["refresh_token"]).status_code == 400
    assert not AccessToken.objects.alive().exists()
