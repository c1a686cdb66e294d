"""One does housekeeping at a time, and whoever was away too long does nothing."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import OneTimeLink
from audit.models import HousekeepingLease, HousekeepingRun
from common.work import never
from server.housekeeping.jobs.expired import JOB
from server.housekeeping.lease import LASTS, Lease, LostLeaseError, holder
from server.housekeeping.leased_work import LeasedWork
from tests.factories import UserFactory
from tests.parallel import all_at_once, in_parallel


def taken(by: str) -> Lease:
    lease = Lease.take(by)
    assert lease is not None
    return lease


def run_out(**past: int) -> None:
    """Let the lease have run out, as if its holder had said nothing for long."""
    HousekeepingLease.objects.update(until=timezone.now() - timedelta(**past or {"seconds": 1}))


def an_expired_link() -> OneTimeLink:
    now = timezone.now()
    return OneTimeLink.objects.create(
        user=UserFactory.create(), purpose="mailed", digest=f"{now}", expires_at=now - timedelta(1)
    )


@pytest.mark.locking
@pytest.mark.spec("O-30", "operation")
@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_it_one_gets_it() -> None:
    for _ in range(5):
        leases = [lease for lease in in_parallel(lambda: Lease.take("somebody"), 6) if lease]
        assert len(leases) == 1
        assert holder() == "somebody"
        run_out()


@pytest.mark.spec("O-30", "operation")
@pytest.mark.django_db
def test_it_is_free_once_it_was_released_or_has_run_out() -> None:
    first = taken("first")
    assert Lease.take("second") is None
    first.release()
    assert holder() == ""
    second = taken("second")
    run_out()
    taken("third")
    assert holder() == "third"
    second.release()  # too late: it is another one's
    assert holder() == "third"


@pytest.mark.spec("O-30", "operation")
@pytest.mark.django_db
def test_renewing_keeps_it_from_running_out() -> None:
    lease = taken("first")
    run_out()
    lease.renew()
    assert Lease.take("second") is None
    until = HousekeepingLease.objects.get().until
    assert abs((until - timezone.now() - LASTS).total_seconds()) < 5


@pytest.mark.spec("O-30", "operation")
@pytest.mark.django_db
def test_a_clock_that_was_set_back_keeps_nobody_from_it_for_long() -> None:
    taken("first")
    HousekeepingLease.objects.update(until=timezone.now() + timedelta(hours=5))
    taken("second")


@pytest.mark.spec("O-32", "operation")
@pytest.mark.django_db
def test_who_was_suspended_while_another_took_over_changes_and_records_nothing() -> None:
    link = an_expired_link()
    suspended = LeasedWork(JOB.name, taken("suspended"), never)
    run_out()
    other = taken("other")
    with pytest.raises(LostLeaseError):
        JOB.do(suspended)
    assert OneTimeLink.objects.filter(pk=link.pk).exists()
    assert not HousekeepingRun.objects.exists()
    JOB.do(LeasedWork(JOB.name, other, never))
    assert not OneTimeLink.objects.exists()
    assert HousekeepingRun.objects.get().did == {"one_time_links": 1}


@pytest.mark.spec("O-32", "operation")
@pytest.mark.django_db
def test_a_transaction_that_fails_is_neither_done_nor_recorded() -> None:
    work = LeasedWork(JOB.name, taken("first"), never)
    link = an_expired_link()

    def fail() -> None:
        with work.turn():
            work.count("one_time_links", OneTimeLink.objects.all().delete()[0])
            work.end_turn()
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail()
        assert not work.counts
        assert [work.run.pk] == [None]
        assert not HousekeepingRun.objects.exists()
    JOB.do(work)
    assert not OneTimeLink.objects.filter(pk=link.pk).exists()
    assert HousekeepingRun.objects.get().did == {"one_time_links": 1}


@pytest.mark.locking
@pytest.mark.spec("O-32", "operation")
@pytest.mark.django_db(transaction=True)
def test_nobody_takes_over_in_the_middle_of_a_transaction() -> None:
    """On SQLite nobody else writes meanwhile; on PostgreSQL the lease's row is held."""
    lease, done = taken("first"), list[str]()

    def work() -> None:
        with transaction.atomic():
            lease.renew()
            HousekeepingLease.objects.update(until=timezone.now() - timedelta(seconds=1))
            time.sleep(0.5)
            done.append("worked")

    def take() -> None:
        time.sleep(0.1)
        while Lease.take("second") is None:
            time.sleep(0.01)
        done.append("taken")

    run_out()
    all_at_once([work, take])
    assert done == ["worked", "taken"]


@pytest.mark.spec("O-31", "operation")
@pytest.mark.django_db(transaction=True)
def test_it_is_renewed_while_something_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.housekeeping.lease.RENEWED_AFTER_SECONDS", 0.05)
    lease = taken("first")
    with lease.kept():
        run_out()
        time.sleep(0.5)
        assert Lease.take("second") is None
    run_out()
    time.sleep(0.2)
    taken("second")


@pytest.mark.spec("O-32", "operation")
@pytest.mark.django_db
def test_on_postgresql_a_transaction_that_says_nothing_ends() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite nobody ends a transaction but its process")
    lease = taken("first")
    work = LeasedWork(JOB.name, lease, never)
    for transaction_of in (lease.held, work.turn):
        with transaction_of(), connection.cursor() as cursor:
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == ("5s",)
            cursor.execute("RESET idle_in_transaction_session_timeout")
