"""Introspection (RFC 7662)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.credential_values import new_access_token, new_refresh_token
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.consents import withdraw_all
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import INTROSPECT, REVOKE, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

INACTIVE = {"active": False}
ISSUER = "http://testserver.localhost"


def ask(client: OAuthClient, token: str, **parameters: str) -> Answer:
    return client.post(INTROSPECT, {"token": token, **parameters}, Authorization=client.basic)


def introspect(client: OAuthClient, token: str, **parameters: str) -> dict[str, object]:
    answer = ask(client, token, **parameters)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    members: dict[str, object] = answer.json()
    return members


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
@pytest.mark.spec("V-25", "Apache mod_oauth2")
def test_a_living_access_token_is_described(web: OAuthClient, visitor: Client, person: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        tokens = web.get_tokens(visitor, scope="write read")
        assert introspect(web, tokens["access_token"]) == {
            "active": True,
            "scope": "write read",
            "client_id": web.client_id,
            "username": person.username,
            "sub": person.user_id,
            "iss": ISSUER,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp() + 3600),
            "aud": [ISSUER],
            "token_type": "Bearer",
            "token_use": "access_token",
        }


@pytest.mark.spec("V-30", "RFC 7662 §2.2")
@pytest.mark.spec("V-20", "RFC 7662 §2.2")
def test_a_living_refresh_token_is_described(web: OAuthClient, visitor: Client, person: User) -> None:
    members = introspect(web, web.get_tokens(visitor)["refresh_token"])
    assert members["active"] is True
    assert (members["client_id"], members["sub"]) == (web.client_id, person.user_id)
    assert isinstance(members["exp"], int)
    assert members["token_use"] == "refresh_token"
    assert "token_type" not in members  # no API may take it for an access token, of whatever type


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
def test_a_refresh_token_that_never_expires_has_no_expiry(web: OAuthClient, visitor: Client) -> None:
    Application.objects.update(absolute_expiration="none", inactivity_expiration="none")
    members = introspect(web, web.get_tokens(visitor)["refresh_token"])
    assert members["active"] is True
    assert "exp" not in members


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_is_only_a_hint(web: OAuthClient, visitor: Client, hint: str) -> None:
    tokens = web.get_tokens(visitor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert introspect(web, token, token_type_hint=hint)["active"] is True


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
def test_a_machines_token_and_the_workfront_profile(machine: Machine) -> None:
    Application.objects.update(response_profile="workfront")
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    members = introspect(machine.client, token)
    assert members["sub"] == machine.key.subject
    assert members["token_type"] == "sessionID"


@pytest.mark.spec("V-20", "RFC 7662 §2.2")
def test_the_token_type_is_the_one_that_the_client_was_told(
    web: OAuthClient, single_page: OAuthClient, verifier_machine: OAuthClient, visitor: Client
) -> None:
    Application.objects.update(response_profile="workfront")
    for client in (web, single_page):
        tokens = client.get_tokens(visitor)
        described = introspect(verifier_machine, tokens["access_token"])
        assert described["token_type"] == tokens["token_type"]


@pytest.mark.spec("V-21", "RFC 7662 §2.2")
def test_a_revoked_token_is_inactive_and_nothing_else(web: OAuthClient, visitor: Client) -> None:
    first, second = (web.get_tokens(visitor) for _ in range(2))
    web.post(REVOKE, {"token": first["access_token"]}, Authorization=web.basic)
    web.post(REVOKE, {"token": second["refresh_token"]}, Authorization=web.basic)
    for token in (first["access_token"], second["access_token"], second["refresh_token"]):
        assert introspect(web, token) == INACTIVE
    assert introspect(web, first["refresh_token"])["active"] is True


@pytest.mark.spec("V-21", "RFC 7662 §2.2")
def test_a_replaced_refresh_token_is_inactive(web: OAuthClient, visitor: Client) -> None:
    first = web.get_tokens(visitor)
    second = web.refresh(first["refresh_token"]).json()
    assert introspect(web, first["refresh_token"]) == INACTIVE
    assert introspect(web, second["refresh_token"])["active"] is True


@pytest.mark.spec("V-21", "RFC 7662 §2.2")
@pytest.mark.parametrize(
    ("kind", "after", "active"),
    [
        ("access_token", timedelta(seconds=3599), True),
        ("access_token", timedelta(seconds=3601), False),
        ("refresh_token", timedelta(seconds=3601), True),
        ("refresh_token", timedelta(days=4000), False),
    ],
)
def test_an_expired_token_is_inactive(
    web: OAuthClient, visitor: Client, kind: str, after: timedelta, active: bool
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        token = web.get_tokens(visitor)[kind]
    with time_machine.travel(now + after, tick=False):
        members = introspect(web, token)
    assert members["active"] is active
    assert active or members == INACTIVE


@pytest.mark.spec("V-21", "RFC 7662 §2.2")
@pytest.mark.parametrize("end", ["person disabled", "application disabled", "deleted", "withdrawn"])
def test_a_token_is_inactive_as_soon_as_what_it_stands_on_ends(
    web: OAuthClient, verifier_machine: OAuthClient, visitor: Client, person: User, end: str
) -> None:
    tokens, actor = web.get_tokens(visitor), Actor(user=person)
    if end == "person disabled":
        User.objects.filter(pk=person.pk).update(is_active=False)
    elif end == "application disabled":
        disable_application(application_of(web), actor=actor)
    elif end == "deleted":
        delete_application(application_of(web), actor=actor)
    else:
        withdraw_all(person, actor=actor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert introspect(verifier_machine, token) == INACTIVE


@pytest.mark.spec("V-22", "RFC 7662 §2.2")
@pytest.mark.parametrize("token", ["unknown", "gtacc_", "gtref_x", "é", "' OR 1=1 --", "x" * 5000, " "])
def test_an_unknown_token_is_inactive_and_nothing_else(web: OAuthClient, token: str) -> None:
    assert introspect(web, token) == INACTIVE


@pytest.mark.spec("V-22", "RFC 7662 §2.2")
def test_a_code_or_a_secret_is_no_token(web: OAuthClient, visitor: Client) -> None:
    assert introspect(web, web.get_code(visitor)) == INACTIVE
    assert introspect(web, web.client_secret) == INACTIVE


@pytest.mark.spec("V-22", "RFC 7662 §2.1")
def test_a_missing_token_is_a_fault_of_the_request(web: OAuthClient) -> None:
    for parameters in ({}, {"token": ""}):
        answer = web.post(INTROSPECT, parameters, Authorization=web.basic)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("V-23", "RFC 7662 §2.1")
@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"client_id": "OURS"},
        {"client_id": "OURS", "client_secret": ""},
        {"client_id": "OURS", "client_secret": "wrong"},
        {"client_id": "0" * 32, "client_secret": "wrong"},
    ],
)
def test_nobody_looks_without_authenticating(
    web: OAuthClient, visitor: Client, credentials: dict[str, str]
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    theirs = {name: value.replace("OURS", web.client_id) for name, value in credentials.items()}
    answer = web.post(INTROSPECT, {"token": token, **theirs})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("V-23", "RFC 7662 §2.1")
def test_a_wrong_secret_in_the_header_is_challenged(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    web.client_secret = "wrong"
    answer = ask(web, token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.spec("V-23", "RFC 7662 §2.1")
@pytest.mark.parametrize("secret", [None, "anything"])
def test_a_public_client_does_not_look_even_at_its_own_token(
    single_page: OAuthClient, visitor: Client, secret: str | None
) -> None:
    token = single_page.get_tokens(visitor)["access_token"]
    parameters = {"token": token, "client_id": single_page.client_id}
    answer = single_page.post(INTROSPECT, parameters | ({"client_secret": secret} if secret else {}))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    assert answer.json()["statusCode"] == 400
    assert "WWW-Authenticate" not in answer


@pytest.mark.spec("V-23", "RFC 7662 §2.1")
def test_the_token_itself_opens_nothing(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    answer = web.post(INTROSPECT, {"token": token}, Authorization=f"Bearer {token}")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("V-24", "RFC 7662 §2.1")
def test_get_with_the_token_in_the_url_is_refused(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    headers = {"Authorization": web.basic}
    refused = web.http.get(INTROSPECT, {"token": token}, headers=headers)
    assert (refused.status_code, refused["Allow"]) == (405, "POST")
    for parameters in ({"token": token}, {}):
        mixed = web.post(f"{INTROSPECT}?token={token}", parameters, **headers)
        assert (mixed.status_code, mixed.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("V-20", "RFC 7662 §2.1")
def test_json_and_credentials_in_the_body_are_taken_too(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["access_token"]
    body = {"token": token, "client_id": web.client_id, "client_secret": web.client_secret}
    assert web.post(INTROSPECT, body).json()["active"] is True
    answer = web.http.post(INTROSPECT, json.dumps(body), content_type="application/json")
    assert answer.json()["active"] is True


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_a_client_sees_its_own_tokens_unless_it_may_verify_all(
    web: OAuthClient, machine: Machine, verifier_machine: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert introspect(machine.client, token) == INACTIVE
        assert introspect(web, token)["client_id"] == web.client_id
    assert introspect(verifier_machine, tokens["access_token"])["client_id"] == web.client_id


@pytest.mark.spec("V-30", "RFC 7662 §2.2, §4")
@pytest.mark.parametrize("rotation", [True, False], ids=["with rotation", "without"])
def test_a_refresh_token_is_described_to_its_own_client_alone(
    web: OAuthClient,
    single_page: OAuthClient,
    verifier_machine: OAuthClient,
    visitor: Client,
    rotation: bool,
) -> None:
    """An API would otherwise take it for a bearer token that lives for months."""
    Application.objects.update(rotate_refresh_tokens=rotation)
    for client in (web, single_page):
        refresh_token = client.get_tokens(visitor)["refresh_token"]
        for hint in ("refresh_token", "access_token"):
            assert introspect(verifier_machine, refresh_token, token_type_hint=hint) == INACTIVE
        refreshed = client.refresh(refresh_token).json()
        assert introspect(verifier_machine, refreshed["refresh_token"]) == INACTIVE
        assert introspect(verifier_machine, refreshed["access_token"])["active"] is True
    assert introspect(web, web.get_tokens(visitor)["refresh_token"])["active"] is True


@pytest.mark.spec("V-31", "RFC 7662 §4")
def test_a_verifier_that_is_shown_refresh_tokens_does_not_guess(
    web: OAuthClient, verifier_machine: OAuthClient, visitor: Client, few_guesses: int
) -> None:
    refresh_token = web.get_tokens(visitor)["refresh_token"]
    for _ in range(few_guesses + 2):
        assert introspect(verifier_machine, refresh_token) == INACTIVE


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_permission_to_verify_ends_when_it_is_taken_away(
    web: OAuthClient, verifier_machine: OAuthClient, visitor: Client
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    assert introspect(verifier_machine, token)["active"] is True
    Application.objects.filter(client_id=verifier_machine.client_id).update(may_verify_tokens=False)
    assert introspect(verifier_machine, token) == INACTIVE


@pytest.fixture
def few_guesses(settings: Settings) -> int:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 3
    return 3


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_who_guesses_is_slowed_down_but_still_gets_right_answers(
    web: OAuthClient, visitor: Client, few_guesses: int
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    now = timezone.now().replace(second=10)
    with time_machine.travel(now, tick=False):
        for _ in range(few_guesses):
            assert introspect(web, new_access_token()) == INACTIVE
        for guess in (new_access_token(), new_refresh_token(), "nonsense"):
            answer = ask(web, guess)
            assert (answer.status_code, answer["Content-Type"]) == (429, "application/json")
            assert answer["Retry-After"] == "50"
        assert introspect(web, token)["active"] is True
        assert web.refresh("unknown").status_code == 400  # other endpoints are not concerned
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        assert introspect(web, new_access_token()) == INACTIVE


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_tokens_of_others_count_as_guesses_so_that_nothing_tells_them_apart(
    web: OAuthClient, machine: Machine, visitor: Client, few_guesses: int
) -> None:
    tokens = web.get_tokens(visitor)
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        for _ in range(few_guesses):
            assert introspect(machine.client, tokens["access_token"]) == INACTIVE
        answers = [
            ask(machine.client, value)
            for value in (tokens["access_token"], tokens["refresh_token"], new_access_token())
        ]
    assert [answer.status_code for answer in answers] == [429, 429, 429]
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_asking_about_a_token_that_has_ended_is_no_guess(
    web: OAuthClient, verifier_machine: OAuthClient, visitor: Client, few_guesses: int
) -> None:
    """A resource server asks for every request of a client whose token has just expired."""
    first = web.get_tokens(visitor)
    web.refresh(first["refresh_token"])
    web.post(REVOKE, {"token": first["access_token"]}, Authorization=web.basic)
    for client in (web, verifier_machine):
        for token in (first["access_token"], first["refresh_token"]):
            assert [introspect(client, token) for _ in range(few_guesses + 2)] == [INACTIVE] * (
                few_guesses + 2
            )


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_guesses_from_one_address_add_up_over_all_clients(
    web: OAuthClient, machine: Machine, settings: Settings
) -> None:
    settings.CLIENT_FAILURES_PER_NETWORK = 2
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        assert introspect(web, "one") == INACTIVE
        assert introspect(machine.client, "two") == INACTIVE
        assert ask(web, "three").status_code == 429


@pytest.mark.spec("V-26", "RFC 7662 §4")
def test_a_living_token_costs_one_statement(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        with CaptureQueriesContext(connection) as statements:
            introspect(web, token)
        assert len(statements) == 1
