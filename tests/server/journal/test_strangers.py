"""What a stranger, or a client with many words, can't do to what is recorded of others."""

from datetime import UTC, datetime
from typing import Any

import pytest

from oauthapps.http.messages import Explanation, Refusal
from oauthapps.http.notes import Note, notes
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules.recorded_endpoints import RecordedEndpoint
from server.journal import entries, refusals
from server.journal.journal import Journal
from server.journal.refusals import (
    CLIENT_ROWS,
    MANY_KINDS,
    MOST_KINDS,
    NETWORK_KINDS,
    NETWORK_ROWS,
    in_general,
)
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

AT = 1_800_000_000.0
WORDS = [f"{first}{second}" for first in "abcdefghijklmnopqrst" for second in "abcdefghijklmnopqrst"]


def refuse(
    reason: str,
    network: str = "192.0.2.1",
    client: str = "",
    *,
    is_authenticated: bool = False,
    number: int = 0,
) -> None:
    """Note a request that was refused for a reason."""
    environ = {
        "REMOTE_ADDR": network,
        "HTTP_USER_AGENT": f"agent of {network}",
        "QUERY_STRING": "grant_type=x",
        "gatehouse.request_id": f"{number:016x}",
    }
    refusal = Refusal(
        "invalid_request",
        reason,
        client,
        "ada",
        is_authenticated=is_authenticated,
        explain=lambda: Explanation(cause=f"{reason} ({network})", fix="f"),
    )
    notes.append(Note(AT, RecordedEndpoint.TOKEN, environ, 400, refusal, "", "x"))


@pytest.mark.spec("U-14", "the inspector")
def test_a_public_client_is_not_authenticated_by_its_client_id(
    single_page: OAuthClient, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    single_page.exchange("gtcode_never-issued-by-anybody")
    journal.finish()
    row = RecordedRequest.objects.get()
    assert row.client_id == single_page.client_id
    assert not row.is_authenticated
    assert f"client {single_page.client_id} (not authenticated)" in caplog.text


@pytest.mark.spec("U-14", "the inspector")
def test_one_network_leaves_room_for_the_rows_and_kinds_of_others(journal: Journal) -> None:
    for word in WORDS:
        refuse(word)
    for _ in range(6):
        refuse("the victim's", "192.0.2.2")
    journal.finish()
    of_victim = RecordedRequest.objects.filter(address="192.0.2.2")
    assert [row.times for row in of_victim.order_by("id")] == [1] * 5 + [1]
    assert {row.cause for row in of_victim} == {"the victim's (192.0.2.2)"}
    assert RecordedRequest.objects.filter(address="192.0.2.1", fingerprint=None).count() == NETWORK_ROWS
    assert journal.refusals.kinds["net 192.0.2.1"] == NETWORK_KINDS


@pytest.mark.spec("U-14", "the inspector")
def test_what_is_counted_by_network_is_bounded(journal: Journal) -> None:
    for number in range(2_000):
        refuse("r", f"10.0.{number // 250}.{number % 250 + 1}")
    journal.read()
    counted = journal.refusals
    assert len(counted.kinds) <= MOST_KINDS[False] + 1
    assert len(counted.rows) <= refusals.STRANGERS_ROWS + 1
    assert len(counted.groups) <= MOST_KINDS[False] + 1


@pytest.mark.spec("U-15", "the inspector")
def test_a_row_of_many_kinds_says_nothing_of_the_first_of_them(web: OAuthClient, journal: Journal) -> None:
    for word in WORDS[: NETWORK_KINDS + 5]:
        refuse(word, client=web.client_id)
    journal.finish()
    row = RecordedRequest.objects.get(cause=MANY_KINDS)
    assert (row.times, row.application, row.client_id, row.address) == (5, None, "", None)
    assert (row.username, row.user_agent, row.grant_type, row.parameters) == ("", "", "", {})


@pytest.mark.spec("U-14", "the inspector")
def test_a_client_with_ever_new_reasons_gets_a_bounded_number_of_rows(
    web: OAuthClient, journal: Journal
) -> None:
    for word in WORDS:
        refuse(word, client=web.client_id, is_authenticated=True)
    journal.finish()
    rows = RecordedRequest.objects.all()
    assert sum(row.times for row in rows) == len(WORDS)
    assert rows.filter(fingerprint=None).count() <= CLIENT_ROWS
    many = rows.get(cause=MANY_KINDS)
    assert (many.client_id, many.is_authenticated, many.user_agent) == (web.client_id, True, "")
    for word in WORDS[:50]:
        for _ in range(20):
            refuse(word, client=web.client_id, is_authenticated=True)
    journal.finish()
    assert rows.filter(fingerprint=None).count() == CLIENT_ROWS


@pytest.mark.spec("U-14", "the inspector")
def test_who_only_claims_a_client_id_leaves_room_for_its_own_requests(
    web: OAuthClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(refusals.ALL_ROWS, False, 30)
    monkeypatch.setitem(refusals.ALL_ROWS, True, 40)
    Application.objects.update(recorded_until=datetime.fromtimestamp(AT + 3600, UTC))
    for _ in range(100):
        refuse("r", client=web.client_id)
    for _ in range(40):
        refuse("r", client=web.client_id, is_authenticated=True)
    journal.finish()
    own = RecordedRequest.objects.filter(fingerprint=None)
    assert own.filter(is_authenticated=True).count() == 40
    assert own.filter(is_authenticated=False).count() == 30


@pytest.mark.spec("U-15", "the inspector")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The access token lacks a scope; needed: a b.", "The access token lacks a scope; needed: b a c."),
        ("Not available. Available: a, b.", "Not available. Available: https://x.example/1.2, a, c."),
        ('The "a", "b" are not available. Available: x.', 'The "b" are not available. Available: y, x.'),
    ],
)
def test_reasons_that_end_in_other_lists_are_the_same(one: str, other: str) -> None:
    assert in_general(one) == in_general(other)
    assert in_general("The JWT: it is old.") != in_general("The JWT: it is new.")


@pytest.fixture
def read_parameters(monkeypatch: pytest.MonkeyPatch) -> list[Note]:
    """The notes whose parameters were read."""
    read: list[Note] = []

    def parameters_of(note: Note) -> dict[str, Any]:
        read.append(note)
        return {"a": "b"}

    monkeypatch.setattr(entries, "parameters_of", parameters_of)
    return read


def test_parameters_of_requests_that_share_a_row_are_read_once_an_hour(
    journal: Journal, read_parameters: list[Note]
) -> None:
    for _ in range(3):
        for _ in range(10):
            refuse("r")
        journal.finish()
    shared = RecordedRequest.objects.exclude(fingerprint=None).get()
    assert (shared.times, shared.parameters) == (25, {"a": "b"})
    assert len(read_parameters) == 5 + 1
