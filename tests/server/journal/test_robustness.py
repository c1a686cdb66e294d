"""What the journal does when the database fails, when it is behind, or when a row does not fit."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from oauthapps.http import notes as noting
from oauthapps.http.messages import Explanation, Refusal
from oauthapps.http.notes import notes
from oauthapps.models import Application, RecordedRequest, UsageCount
from oauthapps.rules.recorded_endpoints import RecordedEndpoint
from oauthapps.sql import adding
from server.journal import refusals
from server.journal.entries import explanation_of
from server.journal.journal import Journal
from tests.oauth_client import ME, OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The database takes nothing until it is called."""

    def add(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("server.journal.writing.add", add)
    return lambda: monkeypatch.setattr("server.journal.writing.add", adding.add)


@pytest.mark.spec("U-11", "the inspector")
def test_what_the_database_does_not_take_is_written_later(
    web: OAuthClient, journal: Journal, failing: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [web.exchange("x") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {400}
    for _ in range(3):
        journal.finish()
    assert sum("Could not record requests" in line for line in caplog.messages) == 1
    assert not RecordedRequest.objects.exists()
    failing()
    journal.finish()
    assert sum(row.times for row in RecordedRequest.objects.all()) == 30
    assert UsageCount.objects.get(kind="application").refused == 30


def test_after_a_failure_it_pauses(client: Client, journal: Journal, failing: Callable[[], None]) -> None:
    client.get(ME)
    journal.look()
    failing()
    journal.look()
    assert not RecordedRequest.objects.exists()
    journal.paused_until = 0
    journal.look()
    assert RecordedRequest.objects.count() == 1


def test_a_row_that_refers_to_what_is_gone_keeps_no_other_out(
    client: Client, web: OAuthClient, journal: Journal
) -> None:
    web.exchange("x")
    client.get(ME)
    journal.read()
    application = Application.objects.get()
    for entry in journal.refusals.own:
        if entry.row.application_id == application.pk:
            entry.row.application_id = application.pk + 1000
    journal.finish()
    assert [row.endpoint for row in RecordedRequest.objects.all()] == ["api"]


def test_notes_hold_what_was_sent_only_as_long_as_few_of_them_wait(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.dispatcher.FEW", 2)
    monkeypatch.setattr("server.dispatcher.MOST_WHOLE", 3)
    for _ in range(5):
        client.get(ME)
    assert [note.environ is None for note in notes] == [False] * 3 + [True] * 2
    journal.finish()
    assert sum(row.times for row in RecordedRequest.objects.all()) == 5


def test_nothing_is_noted_where_nobody_reads(client: Client) -> None:
    client.get(ME)
    assert not notes
    assert notes.maxlen == noting.MOST_NOTES


@pytest.mark.spec("U-03", "the inspector")
def test_strangers_of_any_number_of_networks_get_a_bounded_number_of_rows(
    client: Client, journal: Journal, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setitem(refusals.MOST_KINDS, False, 4)
    monkeypatch.setattr(refusals, "STRANGERS_ROWS", 6)
    for number in range(60):
        client.get(ME, headers={"X-Forwarded-For": f"192.0.2.{number % 20}"})
    journal.finish()
    rows = RecordedRequest.objects.all()
    assert sum(row.times for row in rows) == 60
    assert len(rows) <= 6 + 4 + 1
    assert rows.filter(address=None).exists()


def test_a_refusal_is_explained_by_who_knows_and_otherwise_by_its_reason() -> None:
    def broken() -> Explanation:
        raise ValueError

    known = Explanation(cause="The secret is another application's.", fix="Send its own.")
    assert explanation_of(Refusal("e", "A reason.", explain=lambda: known)) == known
    for explain in (None, broken):
        explained = explanation_of(Refusal("e", "A reason.", explain=explain))
        assert (explained.cause, explained.fix) == ("A reason.", "")


def test_only_rows_that_are_kept_are_explained(journal: Journal) -> None:
    calls = []

    def explain() -> Explanation:
        calls.append(1)
        return Explanation(cause="c", fix="f", details={"a": 1})

    refusal = Refusal("invalid_token", "A reason.", explain=explain)
    for _ in range(100):
        notes.append(
            noting.Note(1_800_000_000.0, RecordedEndpoint.API, {"REMOTE_ADDR": "192.0.2.1"}, 401, refusal)
        )
    journal.finish()
    assert len(calls) == RecordedRequest.objects.filter(cause="c", fix="f", details={"a": 1}).count() == 6
    notes.append(
        noting.Note(1_800_000_001.0, RecordedEndpoint.API, {"REMOTE_ADDR": "192.0.2.1"}, 401, refusal)
    )
    journal.finish()
    assert len(calls) == 6  # what is shared is explained once
