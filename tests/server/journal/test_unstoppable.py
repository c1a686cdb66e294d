"""Nothing that a request brings, and no error, ends the recording of the others, or fills the memory."""

import threading
from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.test import Client, RequestFactory

from oauthapps.http.notes import READ, notes
from oauthapps.models import RecordedRequest
from oauthapps.sql import adding
from server import dispatcher
from server.journal import sent
from server.journal.journal import Journal
from server.journal.thread import JournalThread
from tests.oauth_client import AUTHORIZE, ME, OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.spec("U-16", "the inspector")
def test_a_note_that_cannot_be_taken_in_keeps_no_other_out(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.get(ME)
    client.get(ME)
    add, first = journal.refusals.add, notes[0]

    def broken(note: Any, application: Any) -> None:
        if note is first:
            raise ValueError
        add(note, application)

    monkeypatch.setattr(journal.refusals, "add", broken)
    journal.finish()
    assert not notes
    assert RecordedRequest.objects.count() == 1
    assert "A request could not be recorded" in caplog.text


@pytest.mark.spec("U-16", "the inspector")
def test_a_note_waits_while_the_database_is_away(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    client.get(ME)
    with monkeypatch.context() as patch:
        patch.setattr(journal.clients, "application_of", away)
        journal.finish()
    assert len(notes) == 1
    journal.finish()
    assert RecordedRequest.objects.count() == 1


@pytest.mark.spec("U-16", "the inspector")
def test_a_row_with_a_value_that_does_not_fit_keeps_no_other_out(
    client: Client, web: OAuthClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(rows: Any, conflict: Any) -> None:
        if any(getattr(row, "endpoint", "") == "token" for row in rows):
            raise DataError
        adding.add(rows, conflict)

    monkeypatch.setattr("server.journal.writing.add", add)
    web.exchange("x")
    client.get(ME)
    journal.finish()
    assert [row.endpoint for row in RecordedRequest.objects.all()] == ["api"]


@pytest.mark.spec("U-16", "the inspector")
def test_the_thread_goes_on_after_any_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked, again = [], threading.Event()

    def look(_: Journal) -> None:
        looked.append(1)
        if len(looked) > 1:
            again.set()
        raise RuntimeError

    monkeypatch.setattr(Journal, "look", look)
    monkeypatch.setattr(Journal, "finish", look)
    monkeypatch.setattr("server.journal.thread.TICK_SECONDS", 0.01)
    try:
        thread = JournalThread()
        thread.start()
        assert again.wait(5)
        assert thread.is_alive()
    finally:
        thread.stop()
        notes.are_read = False
    assert not thread.is_alive()
    assert "Requests could not be recorded" in caplog.text


@pytest.mark.spec("U-17", "ASVS 15.2.2")
def test_notes_that_wait_hold_no_cookie_and_little_of_long_headers_where_many_wait(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "FEW", 1)
    application = dispatcher.Application()
    for _ in range(2):
        environ: dict[str, Any] = {
            **RequestFactory().get(ME).META,
            "HTTP_COOKIE": "a=b",
            "HTTP_X_LONG": "x" * 5_000,
            "HTTP_USER_AGENT": "y" * 5_000,
        }
        application(environ, lambda *_: None)
    few, many = (note.environ for note in notes)
    assert few is not None
    assert many is not None
    assert "HTTP_COOKIE" not in few
    assert set(many) <= set(READ)
    assert len(many["HTTP_USER_AGENT"]) == 2048
    journal.finish()
    assert RecordedRequest.objects.filter(user_agent__startswith="yyy").count() == 2


@pytest.mark.spec("U-17", "ASVS 15.2.2")
@pytest.mark.usefixtures("journal")
def test_of_a_browser_s_request_no_more_is_kept_than_is_read(client: Client) -> None:
    client.get(AUTHORIZE, {"client_id": "0" * 32}, headers={"Cookie": "a=b", "X-Long": "x" * 5_000})
    (noted,) = notes
    assert noted.environ is not None
    assert {"QUERY_STRING", "gatehouse.request_id"} <= set(noted.environ) <= set(READ)


@pytest.mark.spec("U-17", "ASVS 15.2.2")
def test_of_forwarding_headers_only_the_end_is_remembered(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    sent.known_address.cache_clear()
    for number in range(3):
        header = f"{number}" * 5_000 + ", " * 600 + "192.0.2.9"
        environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": header}
        assert sent.address_of(environ) == "192.0.2.9"
    assert sent.known_address.cache_info().misses == 1
