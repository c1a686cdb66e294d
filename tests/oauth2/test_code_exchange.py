"""The exchange of a code: a valid request, and one part of it broken at a time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.services.applications import delete_application, disable_application, enable_application
from oauthapps.services.credentials import delete_secret
from tests.oauth2.answers import error_of
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import (
    JWT_BEARER,
    TOKEN,
    OAuthClient,
    challenge_of,
)

pytestmark = pytest.mark.django_db


# The code


@pytest.mark.spec("T-10", "RFC 6749 §4.1.2")
@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
def test_a_second_use_is_refused_and_ends_what_came_of_the_first(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    assert web.me(tokens["access_token"]).status_code == 200
    assert error_of(web.exchange(code)) == "invalid_grant"
    assert web.me(tokens["access_token"]).status_code == 401
    assert error_of(web.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert TokenFamily.objects.get().end_reason == EndReason.CODE_REPLAYED
    assert Event.objects.filter(kind=EventKind.CODE_REPLAYED).count() == 1


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
def test_a_code_is_recognized_long_after_it_expired(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
        tokens = web.exchange(code).json()
    with time_machine.travel(now + timedelta(days=20), tick=False):
        tokens = web.refresh(tokens["refresh_token"]).json()
        assert error_of(web.exchange(code)) == "invalid_grant"
        assert error_of(web.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2")
def test_tokens_that_were_refreshed_die_with_the_code_too(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    first = web.exchange(code).json()
    second = web.refresh(first["refresh_token"]).json()
    web.exchange(code)
    for tokens in (first, second):
        assert web.me(tokens["access_token"]).status_code == 401


@pytest.mark.spec("T-13", "RFC 6749 §4.1.3")
def test_another_clients_valid_credentials_neither_get_nor_burn_the_code(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    assert error_of(single_page.exchange(code, code_verifier=None)) == "invalid_grant"
    assert web.exchange(code).status_code == 200
    assert error_of(single_page.exchange(code, code_verifier=None)) == "invalid_grant"  # nor end its tokens
    assert TokenFamily.objects.get().ended_at is None


@pytest.mark.spec("T-14", "RFC 6749 §4.1.3")
@pytest.mark.parametrize(
    ("redirect_uri", "error"),
    [
        ("https://client.example/callback/", "invalid_grant"),
        ("https://client.example/Callback", "invalid_grant"),
        ("https://client.example/callback?x=1", "invalid_grant"),
        ("https://evil.example/", "invalid_grant"),
        (None, "invalid_request"),
        ("", "invalid_request"),
    ],
)
def test_the_redirect_uri_is_repeated_exactly(
    web: OAuthClient, visitor: Client, redirect_uri: str | None, error: str
) -> None:
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, redirect_uri=redirect_uri)) == error
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-20", "RFC 7636 §4.6")
@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize(
    "verifier",
    [None, "", "w" * 43, "w" * 42, "w" * 129, "é" * 43],
    ids=["missing", "empty", "wrong", "short", "long", "not ASCII"],
)
def test_a_challenge_is_met_by_its_verifier_alone(
    web: OAuthClient, visitor: Client, verifier: str | None
) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, code_verifier=verifier)) == "invalid_grant"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-21", "RFC 9700 §2.1.1")
def test_the_challenge_is_no_verifier_whatever_the_method_says(web: OAuthClient, visitor: Client) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    challenge = challenge_of(web.verifier)
    assert error_of(web.exchange(code, code_verifier=challenge)) == "invalid_grant"
    for verifier in (challenge, web.verifier):
        plain = web.exchange(code, code_verifier=verifier, code_challenge_method="plain")
        assert error_of(plain) == "invalid_grant"
    assert web.exchange(code, code_challenge_method="S256").status_code == 200


@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize(
    "verifier", ["v" * 43, "v" * 128, "+/=" * 20], ids=["shortest", "longest", "standard base64"]
)
def test_a_verifier_may_have_43_to_128_characters_of_any_kind(
    web: OAuthClient, visitor: Client, verifier: str
) -> None:
    web.pkce, web.verifier = True, verifier
    assert web.exchange(web.get_code(visitor)).status_code == 200


@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize("length", [42, 129])
def test_a_verifier_of_another_length_is_refused_even_if_it_fits(
    web: OAuthClient, visitor: Client, length: int
) -> None:
    web.pkce, web.verifier = True, "v" * length
    assert error_of(web.exchange(web.get_code(visitor))) == "invalid_grant"


@pytest.mark.spec("T-23", "RFC 9700 §4.8.2")
def test_a_verifier_without_a_challenge_is_refused(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, code_verifier="v" * 43)) == "invalid_grant"
    assert web.exchange(code).status_code == 200


# Who asks


@pytest.mark.spec("T-30", "RFC 6749 §5.2")
def test_an_unknown_client_and_a_wrong_secret_cost_and_read_the_same(
    web: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    answers, statements = [], []
    for changes in ({"client_id": "0" * 32}, {"client_secret": "wrong"}):
        with CaptureQueriesContext(connection) as captured:
            answers.append(web.exchange(code, **changes))
        statements.append([re.sub(r"'[^']*'", "?", query["sql"]) for query in captured])
    assert [error_of(answer, 401) for answer in answers] == ["invalid_client", "invalid_client"]
    assert answers[0].content == answers[1].content
    assert statements[0] == statements[1] != []


@pytest.mark.spec("T-36", "RFC 6749 §2.1")
def test_a_single_page_application_needs_its_client_id_alone(
    single_page: OAuthClient, visitor: Client
) -> None:
    code = single_page.get_code(visitor)
    assert error_of(single_page.exchange(code, client_secret="any")) == "invalid_client"
    single_page.client_secret = "any"
    in_header = single_page.token_parameters(code, client_id=None, client_secret=None)
    assert error_of(single_page.post(TOKEN, in_header, Authorization=single_page.basic), 401) == (
        "invalid_client"
    )
    assert single_page.exchange(code, client_secret=None).status_code == 200


@pytest.mark.spec("T-36", "RFC 6749 §5.2")
def test_each_type_has_its_grants_and_no_others(
    web: OAuthClient, single_page: OAuthClient, machine: Machine, visitor: Client
) -> None:
    assertion = machine.assertion()
    for client in (web, single_page):
        answer = client.exchange(client.get_code(visitor), grant_type=JWT_BEARER, assertion=assertion)
        assert error_of(answer) == "unauthorized_client"
    assert error_of(machine.client.exchange("gtcode_x")) == "unauthorized_client"
    assert error_of(machine.client.refresh("gtref_x")) == "unauthorized_client"
    twin = machine.client.exchange("", grant_type=JWT_BEARER, assertion=assertion)
    assert twin.status_code == 200


# Time, and what ends a code


@pytest.mark.spec("T-60", "RFC 6749 §4.1.2")
@pytest.mark.parametrize(("seconds", "status"), [(119, 200), (119.9, 200), (120, 400), (121, 400)])
def test_a_code_lives_120_seconds_by_our_clock(
    web: OAuthClient, visitor: Client, seconds: float, status: int
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer = web.post(TOKEN, web.token_parameters(code), Date=date)
        assert answer.status_code == status


@pytest.mark.spec("T-61", "ASVS 10.4.9")
def test_disabling_the_application_stops_its_code_and_enabling_lets_it_go_on(
    web: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    disable_application(application_of(web), actor=Actor.command("tests"))
    assert error_of(web.exchange(code), 401) == "invalid_client"
    enable_application(application_of(web), actor=Actor.command("tests"))
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-61", "ASVS 10.4.9")
def test_an_ended_application_secret_or_person_ends_the_code(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, person: User
) -> None:
    codes = {client.client_id: client.get_code(visitor) for client in (web, single_page)}
    User.objects.filter(pk=person.pk).update(is_active=False)
    for client in (web, single_page):
        assert error_of(client.exchange(codes[client.client_id])) == "invalid_grant"
    User.objects.filter(pk=person.pk).update(is_active=True)
    delete_secret(application_of(web).secrets.get(), actor=Actor.command("tests"))
    assert error_of(web.exchange(codes[web.client_id]), 401) == "invalid_client"
    delete_application(application_of(single_page), actor=Actor.command("tests"))
    assert error_of(single_page.exchange(codes[single_page.client_id]), 401) == "invalid_client"
    assert not AccessToken.objects.exists()
