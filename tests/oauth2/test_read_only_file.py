"""An SQLite file that could not be written for a while is written again without a restart."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.oauth_client import OAuthClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("S-14", "RFC 9110 §15.6.4")]


@pytest.fixture
def tokens(web: OAuthClient, visitor: Client) -> dict[str, Any]:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite alone")
    web.http.raise_request_exception = False
    return web.get_tokens(visitor)


def test_a_connection_that_could_not_write_is_replaced(web: OAuthClient, tokens: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")  # as one is that was opened when the file was read-only
    refused = web.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert int(refused["Retry-After"]) > 0
    reply = web.refresh(tokens["refresh_token"])
    assert reply.status_code == 200
    assert web.me(reply.json()["access_token"]).status_code == 200


def test_so_is_one_that_only_met_a_cosmetic_write(web: OAuthClient, tokens: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    assert web.me(tokens["access_token"]).status_code == 200
    assert web.refresh(tokens["refresh_token"]).status_code == 503
    assert web.refresh(tokens["refresh_token"]).status_code == 200
