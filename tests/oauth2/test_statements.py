"""How many SQL statements a request costs, BEGIN and COMMIT included."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, INTROSPECT, OAuthClient

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


def test_the_consent_page_takes_four(web: OAuthClient, visitor: Client) -> None:
    assert statements(lambda: visitor.get(AUTHORIZE, web.authorization_parameters())) == 4
