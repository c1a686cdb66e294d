"""What is counted of requests for tokens, and who used which secret or key."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from oauthapps.models import Application, ClientSecret, CredentialCaller, PersonSeen, RedirectURL, UsageCount
from server.journal import usage
from server.journal.journal import Journal
from tests.oauth2.conftest import Machine
from tests.oauth_client import INTROSPECT, ME, OAuthClient

pytestmark = pytest.mark.django_db

Counts = dict[tuple[str, int], tuple[int, int, int]]


def counted(journal: Journal) -> Counts:
    """Issued, refreshed and refused, by kind and subject."""
    journal.finish()
    return {
        (row.kind, row.subject): (row.issued, row.refreshed, row.refused) for row in UsageCount.objects.all()
    }


@pytest.mark.spec("U-05", "usage")
def test_tokens_are_counted_by_application_secret_redirect_url_and_api(
    web: OAuthClient, visitor: Client, journal: Journal
) -> None:
    tokens = web.get_tokens(visitor)
    web.refresh(tokens["refresh_token"])
    web.exchange("x")
    secret, url = ClientSecret.objects.get().pk, RedirectURL.objects.get().pk
    assert counted(journal) == {
        ("application", 0): (1, 1, 1),
        ("secret", secret): (1, 1, 1),
        ("redirect_url", url): (1, 0, 0),
        ("api", 0): (1, 1, 0),
    }
    row = UsageCount.objects.first()
    assert row is not None
    assert row.application == Application.objects.get()
    assert row.day == datetime.now(UTC).date()


def test_a_refused_code_counts_for_the_redirect_url_it_was_sent_to(
    web: OAuthClient, visitor: Client, journal: Journal
) -> None:
    web.exchange(web.get_code(visitor), redirect_uri="https://client.example/other")
    assert counted(journal)["redirect_url", RedirectURL.objects.get().pk] == (0, 0, 1)


def test_a_key_that_signed_is_counted(machine: Machine, journal: Journal) -> None:
    machine.client.exchange_jwt(machine.assertion())
    counts = counted(journal)
    assert counts["key", machine.key.pk] == counts["application", 0] == (1, 0, 0)
    assert PersonSeen.objects.get().person_id == machine.key.user_id


def test_a_wrong_secret_counts_for_the_application_alone(web: OAuthClient, journal: Journal) -> None:
    web.exchange("x", client_secret="gtsec_wrong")
    assert counted(journal) == {("application", 0): (0, 0, 1)}


def test_what_asks_for_no_tokens_is_not_counted(
    web: OAuthClient, visitor: Client, journal: Journal, client: Client
) -> None:
    token = web.get_tokens(visitor)["access_token"]
    before = counted(journal)
    web.post(INTROSPECT, {"client_id": web.client_id, "client_secret": "wrong", "token": token})
    web.me(token)
    client.get(ME, headers={"Authorization": "Bearer gtacc_dead"})
    assert counted(journal) == before


@pytest.mark.spec("U-06", "usage")
def test_counts_add_up_over_workers_and_writings(web: OAuthClient, visitor: Client, journal: Journal) -> None:
    other = Journal()
    for each in (journal, other, journal):
        web.get_tokens(visitor)
        each.finish()
    assert UsageCount.objects.get(kind="application").issued == 3


@pytest.mark.spec("U-07", "usage")
def test_a_person_is_seen_once_a_day(
    web: OAuthClient, visitor: Client, journal: Journal, person: User
) -> None:
    for _ in range(3):
        web.get_tokens(visitor)
        journal.finish()
    Journal().finish()
    seen = PersonSeen.objects.get()
    assert (seen.person, seen.day) == (person, datetime.now(UTC).date())
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        visitor.force_login(person)
        web.get_tokens(visitor)
        journal.finish()
        assert PersonSeen.objects.count() == 2
        assert {row.day for row in UsageCount.objects.all()} == {seen.day, seen.day + timedelta(days=1)}


@pytest.mark.spec("U-08", "usage")
def test_callers_of_a_secret_are_told_apart(web: OAuthClient, visitor: Client, journal: Journal) -> None:
    token = web.get_tokens(visitor)["access_token"]
    form = {"client_id": web.client_id, "client_secret": web.client_secret, "token": token}
    for agent in ("one", "one", "two"):
        web.post(INTROSPECT, form, **{"User-Agent": agent})
    journal.finish()
    journal.finish()
    callers = CredentialCaller.objects.filter(kind="secret", credential=ClientSecret.objects.get().pk)
    assert {row.user_agent: row.times for row in callers} == {"": 1, "one": 2, "two": 1}
    assert all(row.address == "127.0.0.1" and row.first_at <= row.last_at for row in callers)


def test_a_client_under_many_names_has_a_bounded_number_of_callers(
    web: OAuthClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_CALLERS", 3)
    for number in range(10):
        web.post(
            "/integrations/oauth2/api/v1/token", web.token_parameters("x"), **{"User-Agent": f"{number}"}
        )
    journal.finish()
    assert {row.user_agent: row.times for row in CredentialCaller.objects.all()} == {
        "0": 1,
        "1": 1,
        "2": 1,
        "": 7,
    }


def test_a_day_is_one_in_utc() -> None:
    assert usage.date_of(0) == date(1970, 1, 1)
    assert usage.date_of(20_000) == date(2024, 10, 4)
