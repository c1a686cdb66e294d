"""What is due runs, is recorded, and is tried again when it fails."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone

from audit.models import HousekeepingJob, HousekeepingLease, HousekeepingRun
from common.work import Work, never
from server.housekeeping import running
from server.housekeeping.job import Job
from server.housekeeping.jobs import counters, emails, expired
from server.housekeeping.lease import Lease
from server.housekeeping.leased_work import LeasedWork
from server.housekeeping.registry import JOBS
from server.housekeeping.running import due_jobs, run_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def ran() -> list[str]:
    """Run what is due, and return which jobs that was."""
    works = run_due("here")
    assert works is not None
    return sorted(work.run.job for work in works)


def expire_sessions(number: int) -> None:
    over = timezone.now() - timedelta(hours=1)
    Session.objects.bulk_create(
        Session(session_key=f"{number}-{each}", expire_date=over) for each in range(number)
    )


def failing(work: Work) -> None:
    expire_sessions(1)
    work.delete(Session.objects.all(), "sessions")
    raise ConnectionResetError


def have(monkeypatch: pytest.MonkeyPatch, *jobs: Job) -> None:
    monkeypatch.setattr(running, "JOBS", jobs)


def job(template: Job, do: Callable[[Work], None]) -> Job:
    return Job(name=template.name, every=template.every, do=do)


@pytest.mark.spec("O-33", "operation")
def test_each_job_runs_as_often_as_it_is_due(now: time_machine.Traveller) -> None:
    assert set(due_jobs()) == set(JOBS)
    every = sorted(each.name for each in JOBS)
    assert ran() == every
    assert ran() == []
    now.shift(timedelta(seconds=31))
    assert ran() == ["emails"]
    now.shift(timedelta(minutes=5))
    assert ran() == every


@pytest.mark.spec("O-33", "operation")
def test_a_clock_that_was_set_back_keeps_nothing_waiting(now: time_machine.Traveller) -> None:
    run_due("here")
    now.shift(timedelta(hours=-5))
    assert set(due_jobs()) == set(JOBS)


@pytest.mark.spec("O-34", "operation")
def test_a_run_that_did_something_is_recorded_and_no_other(now: time_machine.Traveller) -> None:
    expire_sessions(120)
    began = timezone.now()
    run_due("gatehouse-1:8000")
    run = HousekeepingRun.objects.get()
    assert (run.job, run.instance, run.outcome) == ("expired", "gatehouse-1:8000", "done")
    assert (run.did, run.did_in_words) == ({"sessions": 120}, "120 sessions")
    assert (run.began_at, run.seconds, run.failure) == (began, 0, "")
    for _ in range(3):
        now.shift(timedelta(minutes=6))
        run_due("gatehouse-1:8000")
    assert HousekeepingRun.objects.count() == 1
    assert {each.ran_at for each in HousekeepingJob.objects.all()} == {timezone.now()}


@pytest.mark.spec("O-34", "ASVS 16.4")
def test_records_go_after_thirty_days(now: time_machine.Traveller) -> None:
    expire_sessions(1)
    run_due("here")
    now.shift(timedelta(days=30))
    run_due("here")
    assert HousekeepingRun.objects.get().did == {"sessions": 1}
    now.shift(timedelta(seconds=301))
    run_due("here")
    assert HousekeepingRun.objects.get().did == {"housekeeping_runs": 1}


@pytest.mark.spec("O-35", "operation")
def test_a_job_that_fails_stops_no_other_and_is_tried_again(
    now: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    have(monkeypatch, job(expired.JOB, failing), job(counters.JOB, lambda _: ran.append("counters")))
    assert run_due("here")
    assert ran == ["counters"]
    row = HousekeepingJob.objects.get(name="expired")
    assert (row.failures, row.failure, row.ran_at) == (1, "ConnectionResetError", None)
    run = HousekeepingRun.objects.get()
    assert (run.outcome, run.failure, run.did) == ("failed", "ConnectionResetError", {"sessions": 1})
    assert "Housekeeping failed: expired" in caplog.text
    waited = []
    for _ in range(7):
        due_at = HousekeepingJob.objects.get(name="expired").due_at
        waited.append((due_at - timezone.now()).total_seconds())
        now.move_to(due_at)
        run_due("here")
    assert waited == [30, 60, 120, 240, 480, 600, 600]
    have(monkeypatch, expired.JOB)
    now.shift(timedelta(minutes=10))
    run_due("here")
    row.refresh_from_db()
    assert (row.failures, row.failure, row.ran_at) == (0, "", timezone.now())


@pytest.mark.spec("O-33", "operation")
def test_what_takes_long_lets_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[str]()

    def long(work: Work) -> None:
        seen.append("long")
        work.is_whole = seen.count("long") == 3

    have(monkeypatch, job(expired.JOB, long), job(emails.JOB, lambda _: seen.append("short")))
    assert ran() == ["emails", "expired"]
    assert seen == ["long", "short", "long", "long"]
    assert HousekeepingJob.objects.get(name="expired").due_at > timezone.now()


@pytest.mark.spec("O-31", "operation")
def test_who_is_told_to_stop_leaves_the_rest_to_others() -> None:
    expire_sessions(600)
    run_due("first", lambda: Session.objects.count() < 600)
    left = Session.objects.count()
    assert 0 < left < 600
    run = HousekeepingRun.objects.get()
    assert (run.outcome, run.did) == ("interrupted", {"sessions": 600 - left})
    run_due("second")
    assert not Session.objects.exists()
    assert [each.instance for each in HousekeepingRun.objects.all()] == ["second", "first"]


@pytest.mark.spec("O-31", "operation")
def test_a_run_that_was_killed_says_what_it_did_and_that_it_was_interrupted() -> None:
    expire_sessions(10)
    lease = Lease.take("killed")
    assert lease
    work = LeasedWork(expired.JOB.name, lease, never)
    expired.JOB.do(work)
    assert HousekeepingRun.objects.get().outcome == "running"
    HousekeepingLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    run_due("next")
    run = HousekeepingRun.objects.get()
    assert (run.instance, run.outcome, run.did) == ("killed", "interrupted", {"sessions": 10})


@pytest.mark.spec("O-30", "operation")
def test_nothing_runs_while_another_one_does_it() -> None:
    expire_sessions(1)
    assert Lease.take("other")
    assert run_due("here") is None
    assert Session.objects.exists()
