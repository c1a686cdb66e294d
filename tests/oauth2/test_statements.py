"""How many SQL statements a request costs, BEGIN and COMMIT included."""

import re
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from oauthapps.models import TokenFamily
from oauthapps.models.consents import EndReason
from server.dispatcher import ApiDispatcher, endpoint_at
from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, INTROSPECT, ME, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)


def statements(request: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        request()
    return len(captured)


# Elsewhere than on PostgreSQL using up and adding are statements of their own, in a transaction.
IN_ONE = 1
IN_PARTS = 5


def issuing() -> int:
    return IN_ONE if connection.vendor == "postgresql" else IN_PARTS


def test_a_code_exchange_takes_one_look_up_and_the_issuing(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert statements(lambda: web.exchange(code)) == 1 + issuing() + 1  # the secret's use is noted
    code = web.get_code(visitor)
    assert statements(lambda: web.exchange(code)) == 1 + issuing()  # it was noted within the minute


def test_a_refresh_with_rotation_takes_as_many(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert statements(lambda: web.refresh(tokens["refresh_token"])) == 1 + issuing()


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_what_was_never_issued_takes_one_look_up_more_to_refuse(web: OAuthClient, grant_type: str) -> None:
    refused = web.exchange if grant_type == "authorization_code" else web.refresh
    assert statements(lambda: refused("x")) == 1 + 1


def test_a_refresh_token_that_has_ended_takes_one_for_its_cause_and_one_for_a_replay(
    web: OAuthClient, visitor: Client
) -> None:
    ended = web.get_tokens(visitor)["refresh_token"]
    TokenFamily.objects.all().end(EndReason.REVOKED_BY_CLIENT)
    assert statements(lambda: web.refresh(ended)) == 1 + 1 + 2


@pytest.mark.parametrize("parameters", [{}, {"client_id": "0" * 32}])
def test_a_failure_to_authenticate_takes_two_look_ups_and_counts_in_one_statement(
    web: OAuthClient, parameters: dict[str, str]
) -> None:
    wrong = web.token_parameters("x", client_secret="wrong", **parameters)
    assert statements(lambda: web.post(TOKEN, wrong)) == 2 + 1


def test_what_failed_too_often_is_not_counted_on(web: OAuthClient, settings: Settings) -> None:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 1
    wrong = web.token_parameters("x", client_secret="wrong")
    with time_machine.travel(timezone.now().replace(second=1), tick=False) as clock:
        assert [web.post(TOKEN, wrong).status_code for _ in range(2)] == [401, 429]
        assert statements(lambda: web.post(TOKEN, wrong)) == 2
        clock.shift(60)
        assert web.post(TOKEN, wrong).status_code == 401


def test_a_token_that_was_never_issued_takes_two(web: OAuthClient) -> None:
    assert statements(lambda: web.me("gtacc_unknown")) == 2


def test_a_jwt_exchange_takes_two(machine: Machine) -> None:
    used = machine.assertion(jti="one"), machine.assertion(jti="two")
    assert statements(lambda: machine.client.exchange_jwt(used[0])) == 2 + 2  # secret and key are noted
    assert statements(lambda: machine.client.exchange_jwt(used[1])) == 2


def test_an_introspection_takes_one(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    for value in (tokens["access_token"], tokens["refresh_token"]):
        form = {"client_id": web.client_id, "client_secret": web.client_secret, "token": value}
        assert statements(lambda form=form: web.post(INTROSPECT, form)) == 1  # type: ignore[misc]


def test_a_bearer_check_takes_one(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert statements(lambda: web.me(tokens["access_token"])) == 1


def test_the_consent_page_takes_five_and_one_more_for_what_was_allowed_before(
    web: OAuthClient, visitor: Client
) -> None:
    assert statements(lambda: visitor.get(AUTHORIZE, web.authorization_parameters())) == 5
    for _ in range(2):
        web.get_tokens(visitor)
        assert statements(lambda: visitor.get(AUTHORIZE, web.authorization_parameters())) == 6


def reads_the_organization(request: Callable[[], object]) -> bool:
    """Whether the first statement of a request, its look-up, reads the table of the organization."""
    with CaptureQueriesContext(connection) as captured:
        request()
    tables = re.findall(r'\b(?:FROM|JOIN) "?(\w+)', captured[0]["sql"])
    assert tables
    return "accounts_organization" in tables


def test_a_look_up_joins_the_organization_only_where_it_is_named(web: OAuthClient, visitor: Client) -> None:
    tokens, code = web.get_tokens(visitor), web.get_code(visitor)
    form = {"client_id": web.client_id, "client_secret": web.client_secret, "token": tokens["access_token"]}
    assert reads_the_organization(lambda: web.exchange(code))
    assert reads_the_organization(lambda: web.refresh(tokens["refresh_token"]))
    assert reads_the_organization(lambda: web.me(tokens["access_token"]))
    assert not reads_the_organization(lambda: web.post(INTROSPECT, form))


def test_an_api_request_makes_no_request_of_djangos(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    asked = RequestFactory().get(ME, headers={"Authorization": f"Bearer {token}"}).META
    dispatcher, endpoint = ApiDispatcher(), endpoint_at(ME)
    assert endpoint is not None
    dispatcher.respond(asked, endpoint)  # host and scheme have been judged now
    monkeypatch.setattr(HttpRequest, "__init__", None)
    monkeypatch.setattr(HttpResponse, "__init__", None)
    monkeypatch.setattr(Model, "__init__", None)
    answer = dispatcher.respond(asked, endpoint)
    assert answer.status == 200
