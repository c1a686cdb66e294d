"""Long work in the database lets requests go between its transactions."""

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.utils import timezone

from common.work import Work


def add_sessions(number: int) -> None:
    rows = (
        Session(session_key=f"{each}", session_data="x" * 400, expire_date=timezone.now())
        for each in range(number)
    )
    Session.objects.bulk_create(rows)


@pytest.mark.locking
@pytest.mark.spec("O-33", "operation")
@pytest.mark.django_db(transaction=True)
def test_who_writes_meanwhile_does_not_wait_for_long() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    add_sessions(5_000)
    work = Work()

    def delete() -> None:
        work.delete(Session.objects.filter(expire_date__lt=timezone.now()), "sessions")
        connections.close_all()

    deleting = threading.Thread(target=delete)
    deleting.start()
    waits = list[float]()
    while deleting.is_alive():
        began = time.monotonic()
        Session.objects.create(session_key=f"new {len(waits)}", expire_date=timezone.now() + timedelta(1))
        waits.append(time.monotonic() - began)
        time.sleep(0.01)
    deleting.join()
    assert work.counts == {"sessions": 5_000}
    assert len(waits) > 20
    assert sorted(waits)[int(len(waits) * 0.95)] < 0.1


@pytest.mark.spec("O-33", "operation")
@pytest.mark.django_db
def test_it_stops_between_transactions_when_it_has_to_or_its_time_is_over() -> None:
    add_sessions(9)
    rows = Session.objects.order_by("session_key")
    work = Work(2, has_to_stop=lambda: Session.objects.count() <= 5)
    assert not work.delete(rows, "sessions")
    assert (work.counts["sessions"], work.is_whole) == (4, False)
    work = Work(2, seconds=-1)
    assert not work.delete(rows, "sessions")
    assert (work.counts["sessions"], work.is_whole) == (0, False)
    work = Work(2)
    assert work.delete(rows, "sessions")
    assert (work.counts["sessions"], work.is_whole) == (5, True)
