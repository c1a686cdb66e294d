"""What is only good to know never fails a request: somebody else holds the rows that it would write to."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from oauthapps.models import ClientSecret, PublicKey
from oauthapps.rules.app_types import AppType
from tests.factories import make_application
from tests.oauth2.conftest import Machine, make_machine
from tests.oauth_client import OAuthClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("S-16", "RFC 9110 §15.6.4")]
ROWS = (
    "SELECT 1 FROM oauthapps_clientsecret FOR NO KEY UPDATE",
    "SELECT 1 FROM oauthapps_publickey FOR NO KEY UPDATE",
    "SELECT 1 FROM accounts_user FOR NO KEY UPDATE",
    "SELECT 1 FROM django_session FOR NO KEY UPDATE",
    "SELECT 1 FROM usersessions_usersession FOR NO KEY UPDATE",
)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Call it to have somebody hold the rows until the test ends."""
    settings: Any = connection.settings_dict
    held: list[Any] = []
    if connection.vendor == "sqlite":
        monkeypatch.setitem(settings["OPTIONS"], "timeout", 1)
    else:
        monkeypatch.setattr(type(connections[DEFAULT_DB_ALIAS]), "statement_seconds", 1)
    connection.close()

    def hold() -> None:
        if connection.vendor == "sqlite":
            other = sqlite3.connect(settings["NAME"], isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            held.append(other)
            return
        server = psycopg.connect(
            host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
        )
        held.append(server)
        for rows in ROWS:
            server.execute(rows)

    yield hold
    for other in held:
        with closing(other):
            other.rollback()
    connection.close()


def test_a_page_is_shown_though_nobody_can_write_that_it_was_seen(person: User, held: Any) -> None:
    browser = Client()
    browser.force_login(person)
    assert browser.get(reverse("connected:apps")).status_code == 200
    with time_machine.travel(time.time() + 3600):
        held()
        began = time.monotonic()
        assert browser.get(reverse("connected:apps")).status_code == 200
        assert time.monotonic() - began < 4


def test_what_a_page_changes_is_never_left_out_silently(person: User, held: Any) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    browser.get(reverse("connected:apps"))
    with time_machine.travel(time.time() + 3600):
        held()
        assert browser.post(reverse("account_logout")).status_code == 503


def test_tokens_are_given_out_though_nobody_can_write_that_a_key_was_used(held: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("tokens could not be written either")
    created = make_application(AppType.MACHINE_TO_MACHINE)
    machine: Machine = make_machine(created.application, created.client_secret)
    held()
    reply = machine.client.exchange_jwt(machine.assertion())
    assert reply.status_code == 200
    assert machine.client.me(reply.json()["access_token"]).status_code == 200
    assert not ClientSecret.objects.exclude(last_used_at=None).exists()
    assert not PublicKey.objects.exclude(last_used_at=None).exists()


def test_so_are_those_of_a_refresh(person: User, held: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("tokens could not be written either")
    created = make_application(AppType.WEB)
    client = OAuthClient(created.application.client_id, created.client_secret)
    browser = Client()
    browser.force_login(person)
    tokens = client.get_tokens(browser)
    ClientSecret.objects.update(last_used_at=None)
    held()
    reply = client.refresh(tokens["refresh_token"])
    assert reply.status_code == 200
    assert client.refresh(reply.json()["refresh_token"]).status_code == 200
