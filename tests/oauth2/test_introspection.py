"""Introspection (RFC 7662)."""

import pytest
from django.test import Client

from accounts.models import User
from tests.oauth2.conftest import Machine
from tests.oauth_client import INTROSPECT, OAuthClient

pytestmark = pytest.mark.django_db

INACTIVE = {"active": False}


def introspect(client: OAuthClient, token: str) -> dict[str, object]:
    answer = client.post(INTROSPECT, {"token": token}, Authorization=client.basic)
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    members: dict[str, object] = answer.json()
    return members


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
@pytest.mark.spec("V-25", "Apache mod_oauth2")
def test_a_living_token_is_described(web: OAuthClient, visitor: Client, person: User) -> None:
    tokens = web.get_tokens(visitor)
    members = introspect(web, tokens["access_token"])
    assert members["active"] is True
    assert members["client_id"] == web.client_id
    assert members["sub"] == person.user_id
    assert members["scope"] == "read write offline_access"
    assert int(str(members["exp"])) - int(str(members["iat"])) in {3600, 3601}
    assert introspect(web, tokens["refresh_token"])["active"] is True


@pytest.mark.spec("V-21", "RFC 7662 §2.2")
@pytest.mark.spec("V-22", "RFC 7662 §2.2")
def test_what_does_not_live_is_inactive_and_nothing_else(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert introspect(web, "unknown") == INACTIVE
    web.refresh(tokens["refresh_token"])
    assert introspect(web, tokens["refresh_token"]) == INACTIVE
    web.post("/integrations/oauth2/api/v1/revoke", {"token": tokens["access_token"]}, Authorization=web.basic)
    assert introspect(web, tokens["access_token"]) == INACTIVE


@pytest.mark.spec("V-23", "RFC 7662 §2.1")
def test_nobody_looks_without_authenticating(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    token = single_page.get_tokens(visitor)["access_token"]
    for parameters in (
        {"token": token},
        {"token": token, "client_id": single_page.client_id},
        {"token": token, "client_id": web.client_id, "client_secret": "wrong"},
    ):
        answer = web.post(INTROSPECT, parameters)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("V-24", "RFC 7662 §2.1")
def test_get_with_the_token_in_the_url_is_refused(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    headers = {"Authorization": web.basic}
    assert web.http.get(INTROSPECT, {"token": token}, headers=headers).status_code == 405
    assert web.post(f"{INTROSPECT}?token={token}", {"token": token}, **headers).status_code == 400


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_a_client_sees_its_own_tokens_unless_it_may_verify_all(
    web: OAuthClient, machine: Machine, verifier_machine: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert introspect(machine.client, token) == INACTIVE
        assert introspect(verifier_machine, token)["client_id"] == web.client_id
