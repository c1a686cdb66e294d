"""The last granted requests of each application, and everything where an administrator wants it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from oauthapps.models import Application, RecordedRequest
from server.journal import granted
from server.journal.journal import Journal
from tests.oauth2.conftest import Machine
from tests.oauth_client import ME, OAuthClient

pytestmark = pytest.mark.django_db


def endpoints() -> list[str]:
    return [row.endpoint for row in RecordedRequest.objects.granted().order_by("at", "id")]


@pytest.mark.spec("U-09", "the inspector")
def test_granted_requests_are_recorded(web: OAuthClient, visitor: Client, journal: Journal) -> None:
    tokens = web.get_tokens(visitor)
    web.me(tokens["access_token"])
    journal.finish()
    assert endpoints() == ["authorize", "token", "api"]
    for row in RecordedRequest.objects.all():
        assert row.application == Application.objects.get()
        assert (row.cause, row.error, row.times) == ("", "", 1)
        assert tokens["access_token"] not in str(row.parameters)


def test_an_application_keeps_the_last_ones_of_all_workers(
    machine: Machine, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(granted, "GRANTED_KEPT", 3)
    workers = [journal, Journal()]
    for number in range(20):
        machine.client.post(
            "/integrations/oauth2/api/v1/token", own_behalf(machine), **{"User-Agent": f"{number}"}
        )
        if number % 5 == 4:
            workers[number % 2].finish()
    assert [row.user_agent for row in RecordedRequest.objects.order_by("at")] == ["17", "18", "19"]


def own_behalf(machine: Machine) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": machine.client.client_id,
        "client_secret": machine.client.client_secret,
    }


@pytest.mark.spec("U-10", "the inspector")
def test_everything_is_recorded_for_as_long_as_it_was_asked_for(
    machine: Machine, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(granted, "GRANTED_KEPT", 3)
    Application.objects.update(recorded_until=timezone.now() + timedelta(hours=1))
    for _ in range(10):
        machine.client.post("/integrations/oauth2/api/v1/token", own_behalf(machine))
    for _ in range(30):
        machine.client.exchange_jwt("no JWT")
    journal.finish()
    assert RecordedRequest.objects.granted().filter(in_full=True).count() == 10
    assert RecordedRequest.objects.refused().filter(times=1).count() == 30
    Application.objects.update(recorded_until=timezone.now())
    journal.clients.ask()
    for _ in range(10):
        machine.client.post("/integrations/oauth2/api/v1/token", own_behalf(machine))
    journal.finish()
    assert RecordedRequest.objects.granted().filter(in_full=False).count() == 3
    assert RecordedRequest.objects.granted().filter(in_full=True).count() == 10


def test_many_applications_share_what_room_there_is(
    machine: Machine, web: OAuthClient, visitor: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(granted, "MOST_WAITING", 4)
    web.get_tokens(visitor)
    for _ in range(10):
        machine.client.post("/integrations/oauth2/api/v1/token", own_behalf(machine))
    journal.read()
    assert journal.granted.waiting == sum(len(ring.notes) for ring in journal.granted.rings.values()) == 4
    journal.finish()
    assert journal.granted.waiting == 0


def test_who_tries_something_out_sees_it_within_seconds(
    client: Client, web: OAuthClient, visitor: Client, journal: Journal
) -> None:
    web.get_tokens(visitor)
    journal.look()
    assert endpoints() == ["authorize", "token"]
    client.get(ME)
    journal.look()
    assert RecordedRequest.objects.refused().count() == 1
