"""What the doctor says of housekeeping."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from audit.actors import Actor
from audit.models import Event, EventKind, HousekeepingJob
from oauthapps.services.cleanup import prune, removal_overdue_since
from server.doctor.findings import Level
from server.doctor.housekeeping import check_expired_data, check_housekeeping
from server.housekeeping.running import run_due
from tests.server.doctor.conftest import only

pytestmark = pytest.mark.django_db


@pytest.mark.spec("O-78", "ASVS 14.2.7")
def test_it_notices_that_expired_data_is_not_deleted(settings: Settings) -> None:
    assert removal_overdue_since() is None
    now = timezone.now()
    Session.objects.create(session_key="a" * 32, expire_date=now - timedelta(minutes=15))
    assert only(check_expired_data).level is Level.OK
    Session.objects.create(session_key="b" * 32, expire_date=now - timedelta(minutes=31))
    finding = only(check_expired_data)
    assert (finding.level, "31 minutes ago" in finding.sentence) == (Level.WARNING, True)
    settings.HOUSEKEEPING = False
    assert only(check_expired_data).level is Level.OK
    Session.objects.create(session_key="c" * 32, expire_date=now - timedelta(days=4, hours=1))
    assert "HOUSEKEEPING=0" in only(check_expired_data).advice
    prune()
    assert only(check_expired_data).level is Level.OK
    Event.objects.record(EventKind.ORGANIZATION_CHANGED, actor=Actor.command("test"))
    Event.objects.update(at=now - timedelta(days=settings.EVENT_DAYS + 3, hours=1))
    assert "3 days ago" in only(check_expired_data).sentence


@pytest.mark.spec("O-34", "operation")
def test_it_says_when_housekeeping_last_ran_and_that_it_has_not_for_long(settings: Settings) -> None:
    assert "not run yet" in only(check_housekeeping).sentence
    run_due("here")
    assert only(check_housekeeping).level is Level.OK
    HousekeepingJob.objects.update(ran_at=timezone.now() - timedelta(minutes=25))
    finding = only(check_housekeeping)
    assert (finding.level, "25 minutes ago" in finding.sentence) == (Level.WARNING, True)
    settings.HOUSEKEEPING = False
    assert only(check_housekeeping).level is Level.OK


@pytest.mark.spec("O-34", "operation")
def test_it_names_a_job_that_keeps_failing() -> None:
    run_due("here")
    emails = HousekeepingJob.objects.filter(name="emails")
    emails.update(failures=2, failure="ConnectionRefusedError")
    assert only(check_housekeeping).level is Level.OK
    emails.update(failures=3)
    finding = only(check_housekeeping)
    assert finding.level is Level.WARNING
    assert "3 times in a row: Send emails that are waiting (ConnectionRefusedError)" in finding.sentence
