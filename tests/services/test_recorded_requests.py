"""How long recorded requests, counts, and callers are kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oauthapps.models import CredentialCaller, PersonSeen, RecordedRequest, UsageCount
from oauthapps.rules.app_types import AppType
from oauthapps.services import recorded_requests
from oauthapps.services.cleanup import prune
from tests.factories import UserFactory, make_application

pytestmark = pytest.mark.django_db


def record(days: float = 0, **fields: Any) -> RecordedRequest:
    at = timezone.now() - timedelta(days=days)
    fields = {"endpoint": "token", "status": 400, "first_at": at, "at": at, "is_authenticated": True} | fields
    return RecordedRequest.objects.create(**fields)


@pytest.mark.spec("U-12", "the inspector; ASVS 14.2.7")
def test_requests_go_after_as_many_days_as_the_setting_says(settings: Any) -> None:
    settings.REQUEST_DAYS = 14
    kept = record(days=13.9)
    record(days=14.1)
    assert prune().requests == 1
    assert RecordedRequest.objects.get() == kept


@pytest.mark.spec("U-12", "the inspector; ASVS 14.2.7")
def test_there_is_a_limit_of_rows_and_strangers_get_half_of_it(settings: Any) -> None:
    settings.REQUEST_ROWS = 10
    own = [record(days=10 - number).pk for number in range(4)]
    strangers = [record(days=1, is_authenticated=False).pk for _ in range(20)]
    assert prune().requests == 15
    assert set(RecordedRequest.objects.values_list("pk", flat=True)) == {*own, *strangers[-5:]}
    for _ in range(20):
        record()
    prune()
    assert RecordedRequest.objects.count() == 10


def test_an_application_keeps_its_last_granted_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_requests, "GRANTED_KEPT", 3)
    applications = [make_application(AppType.WEB).application for _ in range(2)]
    for application in applications:
        for number in range(5):
            record(days=number, is_refused=False, application=application)
        record(days=9, is_refused=False, application=application, in_full=True)
        record(days=9, application=application)
    assert prune().requests == 4
    for application in applications:
        rows = RecordedRequest.objects.filter(application=application)
        assert (rows.granted().count(), rows.refused().count()) == (4, 1)


@pytest.mark.spec("U-13", "usage; ASVS 14.2.7")
def test_the_people_of_a_day_are_counted_when_it_is_over_and_then_forgotten() -> None:
    application, today = make_application(AppType.WEB).application, timezone.now().date()
    for day in (today, today - timedelta(days=2)):
        UsageCount.objects.create(application=application, day=day, kind="application", issued=9)
        for _ in range(3):
            PersonSeen.objects.create(application=application, day=day, person=UserFactory.create())
    assert prune().people_seen == 3
    assert {row.day: row.people for row in UsageCount.objects.all()} == {
        today: 0,
        today - timedelta(days=2): 3,
    }
    assert {row.day for row in PersonSeen.objects.all()} == {today}


@pytest.mark.spec("U-13", "usage; ASVS 14.2.7")
def test_counts_and_callers_go_after_ninety_days() -> None:
    application, now = make_application(AppType.WEB).application, timezone.now()
    for days in (89, 91):
        at = now - timedelta(days=days)
        UsageCount.objects.create(application=application, day=at.date(), kind="application")
        CredentialCaller.objects.create(
            application=application, kind="secret", credential=1, address=f"{days}", last_at=at
        )
    removed = prune()
    assert (removed.usage_counts, removed.callers) == (1, 1)
    assert CredentialCaller.objects.get().address == "89"


def test_a_credential_keeps_its_last_callers() -> None:
    application, now = make_application(AppType.WEB).application, timezone.now()
    for credential in (1, 2):
        for number in range(25):
            CredentialCaller.objects.create(
                application=application,
                kind="secret",
                credential=credential,
                address=f"{number}",
                last_at=now - timedelta(hours=number),
            )
    assert prune().callers == 10
    assert {row.address for row in CredentialCaller.objects.all()} == {f"{number}" for number in range(20)}
