"""Our way to write to an SQLite file that others write to as well."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from accounts.management.alone import alone_with_database
from accounts.models import Organization
from common.best_effort import best_effort
from common.patience import patience
from oauthapps.sql.sqlite.base import LAST_SECONDS, LONGEST_SECONDS, Gate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _about_sqlite_alone() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite alone")


def write() -> None:
    with transaction.atomic():
        Organization.objects.update(name="Other")


@pytest.fixture
def busy_program() -> Iterator[None]:
    """A command of ours that writes again as soon as it has written."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            with transaction.atomic():
                Organization.objects.update(name="Busy")
                time.sleep(0.02)
        connection.close()

    thread = threading.Thread(target=go_on)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.spec("O-148", "ASVS 15.2.2")
def test_a_program_that_writes_all_the_time_lets_requests_in(
    busy_program: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    for _ in range(30):
        monkeypatch.setattr(patience, "until", time.monotonic() + 2.5)
        began = time.monotonic()
        write()
        waits.append(time.monotonic() - began)
    assert sorted(waits)[-2] < 0.1


@pytest.mark.spec("O-148", "ASVS 15.2.2")
def test_whoever_writes_passes_the_gate_first() -> None:
    other = Gate(connection.settings_dict["NAME"])
    with other:
        began = time.monotonic()
        Organization.objects.count()
        assert time.monotonic() - began < LONGEST_SECONDS / 2
        for statement in (write, lambda: Organization.objects.update(name="Third")):
            began = time.monotonic()
            statement()
            assert time.monotonic() - began > LONGEST_SECONDS / 2
    other.close()


@pytest.mark.spec("O-148", "ASVS 15.2.2")
def test_whoever_gets_the_database_ready_waits_for_no_gate() -> None:
    with alone_with_database():
        began = time.monotonic()
        write()
        assert time.monotonic() - began < LONGEST_SECONDS / 2


@pytest.mark.spec("S-14", "RFC 9110 §15.6.4")
def test_a_request_waits_for_others_as_long_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        monkeypatch.setattr(patience, "until", began - 1.5)  # it has waited for a permit
        with pytest.raises(OperationalError, match="locked"):
            write()
        assert 0.4 < time.monotonic() - began < 1.5
        other.execute("ROLLBACK")
    write()


@pytest.mark.spec("O-148", "ASVS 15.2.2")
def test_a_program_that_is_stopped_in_the_gate_keeps_nobody_out(tmp_path: Path) -> None:
    stopped, other = Gate(str(tmp_path / "file")), Gate(str(tmp_path / "file"))
    with stopped:
        began = time.monotonic()
        with other:
            assert time.monotonic() - began < LONGEST_SECONDS + 0.3
    began = time.monotonic()
    with other:
        assert time.monotonic() - began < 0.1
    stopped.close()
    other.close()


@pytest.mark.spec("S-14", "RFC 9110 §15.6.4")
def test_what_is_not_worth_a_wait_leaves_the_request_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(patience, "until", time.monotonic() - LAST_SECONDS + 0.5)
        began = time.monotonic()
        with best_effort("a name"):
            write()
        assert time.monotonic() - began < 0.4
        with pytest.raises(OperationalError, match="locked"):
            write()
        assert 0.4 < time.monotonic() - began < 1
        other.execute("ROLLBACK")
