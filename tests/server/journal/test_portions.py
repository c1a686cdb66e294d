"""Finding out why requests were refused takes statements: it is done in portions, whatever comes at once."""

import pytest
from django.db.models import Sum
from django.test import Client

from oauthapps.http.notes import notes
from oauthapps.models import RecordedRequest
from server.journal import journal as keeping
from server.journal.journal import Journal
from tests.oauth_client import ME, TOKEN, OAuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.spec("U-18", "the inspector")]

REASON = "Client authentication failed: unknown or disabled client_id, or missing or wrong client secret."


@pytest.fixture
def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is never time for more than one."""
    monkeypatch.setattr(keeping, "LONGEST_SECONDS", -1)
    monkeypatch.setattr(keeping, "LAST_SECONDS", -1)


@pytest.mark.usefixtures("_late")
def test_each_look_explains_as_many_as_there_is_time_for(client: Client, journal: Journal) -> None:
    for _ in range(3):
        client.get(ME, headers={"Authorization": "Bearer gtacc_dead-for-a-long-time"})
    for number in range(1, 5):
        journal.look()
        assert RecordedRequest.objects.count() == min(number, 3)
    assert not RecordedRequest.objects.filter(cause="").exists()


@pytest.mark.usefixtures("_late")
def test_requests_that_share_a_row_wait_for_their_turn_too(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SHARED_SECONDS", 0)
    monkeypatch.setattr("server.journal.refusals.OWN_ROWS", {True: 0, False: 0})
    for path in (ME, TOKEN):
        for _ in range(4):
            client.post(path)
    journal.look()
    assert [row.times for row in RecordedRequest.objects.all()] == [4]
    journal.look()
    assert [row.times for row in RecordedRequest.objects.all()] == [4, 4]


@pytest.mark.usefixtures("_late")
def test_what_is_left_at_the_end_says_what_the_log_says(web: OAuthClient, journal: Journal) -> None:
    for number in range(5):
        web.post(TOKEN, {"grant_type": "refresh_token", "client_id": f"{number:032x}", "client_secret": "x"})
    journal.finish()
    first, *others = RecordedRequest.objects.order_by("id")
    assert first.cause != REASON
    assert [row.cause for row in others] == [REASON] * 4
    # Nobody has found out whether what looks like a Client ID is a secret.
    assert {row.client_id for row in others} == {""}


def test_no_more_is_read_than_a_look_has_time_for(
    client: Client, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_READ", 2)
    for _ in range(5):
        client.get(ME)
    for left in (3, 1, 0):
        journal.look()
        assert len(notes) == left
    journal.finish()
    assert RecordedRequest.objects.aggregate(all=Sum("times"))["all"] == 5
