"""Revocation (RFC 7009)."""

import json

import pytest
from django.test import Client

from oauthapps.models import Event, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.models.events import EventKind
from tests.oauth_client import REVOKE, OAuthClient

pytestmark = pytest.mark.django_db


def revoke(client: OAuthClient, token: str, **extra: str) -> int:
    parameters = {"token": token, "client_id": client.client_id, "client_secret": client.client_secret, **extra}
    answer = client.post(REVOKE, {name: value for name, value in parameters.items() if value})
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code


@pytest.mark.spec("V-01", "RFC 7009 §2.1")
def test_a_revoked_access_token_is_dead_at_once_and_the_rest_lives(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert revoke(web, tokens["access_token"]) == 200
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("V-02", "RFC 7009 §2.2")
@pytest.mark.parametrize("token", ["unknown", "gtacc_x", "gtref_x", "é"])
def test_an_unknown_token_and_a_second_time_are_fine(web: OAuthClient, visitor: Client, token: str) -> None:
    assert revoke(web, token) == 200
    tokens = web.get_tokens(visitor)
    assert [revoke(web, tokens["access_token"]) for _ in range(2)] == [200, 200]


@pytest.mark.spec("V-03", "RFC 7009 §2.1")
@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "nonsense"])
def test_a_hint_is_only_a_hint(web: OAuthClient, visitor: Client, hint: str) -> None:
    tokens = web.get_tokens(visitor)
    assert revoke(web, tokens["access_token"], token_type_hint=hint) == 200
    assert web.me(tokens["access_token"]).status_code == 401


@pytest.mark.spec("V-04", "RFC 7009 §2.1")
def test_a_revoked_refresh_token_takes_its_family_along(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert revoke(web, tokens["refresh_token"]) == 200
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert TokenFamily.objects.get().end_reason == EndReason.REVOKED_BY_CLIENT
    assert Event.objects.filter(kind=EventKind.TOKEN_REVOKED).count() == 1


@pytest.mark.spec("V-06", "RFC 7009 §2.1")
def test_a_web_application_must_authenticate(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    web.client_secret = ""
    assert revoke(web, tokens["access_token"]) == 401
    assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("V-07", "RFC 7009 §2.1")
def test_another_clients_token_is_left_alone(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    assert revoke(single_page, tokens["access_token"]) == 200
    assert revoke(single_page, tokens["refresh_token"]) == 200
    assert web.me(tokens["access_token"]).status_code == 200
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("V-08", "RFC 7009 §2.1")
def test_get_and_a_missing_token_are_refused(web: OAuthClient, visitor: Client) -> None:
    assert web.http.get(REVOKE).status_code == 405
    assert revoke(web, "") == 400


@pytest.mark.spec("V-09", "oidc-client-ts")
def test_the_answer_is_an_empty_json_object(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    answer = web.post(REVOKE, {"token": tokens["access_token"]}, Authorization=web.basic)
    assert answer.json() == {}


@pytest.mark.spec("V-10", "Workfront PKCE page")
def test_a_single_page_application_logs_out_with_json_and_its_refresh_token(
    single_page: OAuthClient, visitor: Client
) -> None:
    tokens = single_page.get_tokens(visitor)
    body = {
        "client_id": single_page.client_id,
        "refresh_token": tokens["refresh_token"],
        "redirect_uri": single_page.redirect_uri,
    }
    answer = single_page.http.post(REVOKE, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200
    assert single_page.me(tokens["access_token"]).status_code == 401
