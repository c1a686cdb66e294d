"""Guessing client secrets becomes slow, from wherever in a network, and leaves little behind."""

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from oauthapps.models import FailureCount
from oauthapps.sql import failures
from tests.oauth_client import TOKEN, OAuthClient


@pytest.mark.spec("W-30", "RFC 6749 §2.3.1; RFC 4291 §2.5.4")
def test_wrong_secrets_from_one_network_are_counted_together(web: OAuthClient, settings: Settings) -> None:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 3
    settings.TRUSTED_PROXIES = 1

    def guess(address: str) -> int:
        parameters = web.token_parameters("x", client_secret="wrong")
        return web.post(TOKEN, parameters, **{"X-Forwarded-For": address}).status_code

    with time_machine.travel(timezone.now().replace(second=1), tick=False):
        assert [guess(f"2001:db8::{number}") for number in range(5)] == [401, 401, 401, 429, 429]
        assert [guess(f"::ffff:192.0.2.{number}") for number in range(5)] == [401] * 5
        assert guess("2001:db8:0:1::1") == 401


@pytest.mark.spec("W-51", "ASVS 15.2.2")
def test_however_many_networks_and_clients_fail_the_counts_are_bounded(
    web: OAuthClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "PLACES", 16)
    for number in range(30):
        web.post(
            TOKEN, {"client_id": f"{number}", "client_secret": "x"}, REMOTE_ADDR=f"2001:db8:0:{number}::1"
        )
    assert FailureCount.objects.count() <= 16


@pytest.mark.spec("S-06", "RFC 9700 §4.13; ASVS 15.3.4")
def test_a_forged_address_does_not_go_round_the_throttle(web: OAuthClient, settings: Settings) -> None:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 3

    def guess(address: str) -> int:
        return web.post(
            TOKEN, web.token_parameters("x", client_secret="wrong"), **{"X-Forwarded-For": address}
        ).status_code

    now = timezone.now().replace(second=1)
    with time_machine.travel(now, tick=False):
        assert [guess(f"192.0.2.{number}") for number in range(5)] == [401, 401, 401, 429, 429]
        assert web.exchange("x").status_code == 400  # right credentials pass
        settings.TRUSTED_PROXIES = 1  # behind a proxy that sets the header
        assert [guess(f"198.51.100.{number}") for number in range(5)] == [401] * 5
        # what the client itself had put there comes first, and counts for nothing
        assert [guess(f"203.0.113.{number}, 192.0.2.77") for number in range(5)] == [401, 401, 401, 429, 429]


def test_postgresql_keeps_no_log_of_failures_to_wait_for(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("about PostgreSQL alone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'oauthapps_failurecount'")
        assert cursor.fetchall() == [("u",)]


def test_two_names_in_one_place_are_counted_once_each_time(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "PLACES", 1)
    assert [failures.count_failure(["a", "b"], 60) for _ in range(2)] == [[1, 1], [2, 2]]
