"""How many SQL statements a request costs, BEGIN and COMMIT included."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)


def statements(request: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        request()
    return len(captured)


def test_the_first_code_exchange_of_a_secret_takes_seven(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert statements(lambda: web.exchange(code)) == 7
    code = web.get_code(visitor)
    assert statements(lambda: web.exchange(code)) == 6  # its last use was noted within the minute


def test_a_refresh_with_rotation_takes_six(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert statements(lambda: web.refresh(tokens["refresh_token"])) == 6


def test_a_jwt_exchange_takes_seven_with_a_jti_and_everything_unused(machine: Machine) -> None:
    assertion = machine.assertion(jti="one")
    assert statements(lambda: machine.client.exchange_jwt(assertion)) == 7


def test_a_bearer_check_takes_one(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert statements(lambda: web.me(tokens["access_token"])) == 1


def test_the_consent_page_takes_four(web: OAuthClient, visitor: Client) -> None:
    assert statements(lambda: visitor.get(AUTHORIZE, web.authorization_parameters())) == 4
