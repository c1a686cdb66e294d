"""Three servers on one database do what is due, one at a time, whoever is killed or suspended meanwhile."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.infrastructure.installation import ADMIN, DATABASE, Installation, prepared
from tests.infrastructure.migrated import migrated_server
from tests.infrastructure.processes import housekeeper_of
from tests.infrastructure.smtp import MailServer

pytestmark = pytest.mark.story

MANY = 5_000
LATEST_SECONDS = 60
# So many of the seconds for which a lease lasts are skipped.
SKIPPED_SECONDS = 25
# Deleting takes as long as on a slow machine, so that somebody can be caught at it.
SLOWLY = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
CREATE TRIGGER slowly AFTER DELETE ON django_session FOR EACH STATEMENT EXECUTE FUNCTION slowly()
"""
SESSIONS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT 'expired' || n, '', '2026-01-01 00:00:00' FROM numbers
"""
SKIP = "UPDATE audit_housekeepinglease SET until = until - interval '{} seconds'"
SKIP_ON_SQLITE = """
UPDATE audit_housekeepinglease SET until = strftime('%Y-%m-%d %H:%M:%f', until, '-{} seconds')
"""
AN_EMAIL = """
INSERT INTO accounts_waitingemail (user_id, template, context, queued_at, due_at, attempts)
SELECT id, 'people/email/sessions_ended',
       '{"count": 1, "by": {"display_name": "Bo"}, "at": "2026-11-27T12:00:00Z"}',
       CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 0 FROM accounts_user
"""


@dataclass
class Three:
    """The servers, and the database that they share."""

    servers: list[Installation]
    url: str
    mail: MailServer

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def ask(self, statement: str) -> list[Any]:
        if self.is_sqlite:
            file = self.url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as connection:
                return list(connection.execute(statement))
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def owe(self, number: int) -> None:
        """Let sessions have expired, and everything be due."""
        self.ask("DELETE FROM audit_housekeepingrun")
        self.ask(SESSIONS.format(number))
        self.ask("DELETE FROM audit_housekeepingjob")

    def left(self) -> int:
        return int(self.ask("SELECT count(*) FROM django_session WHERE session_key LIKE 'expired%'")[0][0])

    def holder(self) -> int | None:
        """The process that does housekeeping now."""
        held = self.ask("SELECT holder FROM audit_housekeepinglease WHERE until > CURRENT_TIMESTAMP")
        return int(held[0][0].rpartition(" ")[2]) if held and held[0][0] else None

    def taken_over_from(self, first: int) -> float:
        """Wait until another process holds the lease of one that can't renew it; return in how many seconds.

        Most of them are skipped: the lease ends earlier by as many.
        """
        self.ask((SKIP_ON_SQLITE if self.is_sqlite else SKIP).format(SKIPPED_SECONDS))
        most = LATEST_SECONDS - SKIPPED_SECONDS
        return SKIPPED_SECONDS + until(lambda: self.holder() not in {None, first}, most)

    def at_work(self) -> int:
        """Wait until somebody deletes sessions, and return who."""
        until(lambda: self.left() < MANY and self.holder(), 20)
        holder = self.holder()
        assert holder
        return holder

    def runs(self) -> list[Any]:
        """Which process did how much and how that went, from when to when."""
        rows = self.ask(
            "SELECT instance, did, outcome, began_at, ended_at FROM audit_housekeepingrun"
            " WHERE job = 'expired' ORDER BY began_at, id"
        )
        return [(int(row[0].rpartition(" ")[2]), *row[1:]) for row in rows]

    def can_write(self) -> bool:
        try:
            self.ask("UPDATE audit_housekeepingjob SET failures = failures")
        except sqlite3.OperationalError:
            return False
        return True


def until(condition: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, and return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"not within {seconds} seconds"
        time.sleep(0.1)
    return time.monotonic() - began


def sessions_of(did: Any) -> int:
    return int((json.loads(did) if isinstance(did, str) else did).get("sessions", 0))


def overlap(runs: list[Any]) -> list[tuple[Any, Any]]:
    """Runs of two processes at the same time."""
    return [
        (one, other)
        for one in runs
        for other in runs
        if one[0] != other[0] and one[3] <= other[3] < one[4] and one[2] != "interrupted"
    ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def three(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder: Path = tmp_path_factory.mktemp("three")
    with contextlib.ExitStack() as stack:
        mail = stack.enter_context(MailServer())
        if request.param == "sqlite":
            shutil.copy(prepared() / DATABASE, folder)
            url = f"sqlite:///{folder / DATABASE}"
        else:
            url = stack.enter_context(migrated_server()).url
        environment = {
            **ADMIN,
            "DATABASE_URL": url,
            "SECRET_KEY": "a-key-of-all-instances-0123456789abcdef",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(mail.port),
        }
        servers = [Installation(folder / f"server{number}", environment) for number in (1, 2, 3)]
        for server in servers:
            stack.enter_context(server)
        found = Three(servers, url, mail)
        if not found.is_sqlite:
            found.ask(SLOWLY)
        yield found


def runs_until_all_is_done(three: Three, first: int) -> list[Any]:
    """What was recorded: the first run was cut off, the others were not, and together they did all of it."""
    until(lambda: not three.left(), 120)
    until(lambda: not three.holder(), 20)
    runs = three.runs()
    assert (runs[0][0], runs[0][2]) == (first, "interrupted")
    assert {run[2] for run in runs[1:]} == {"done"}
    assert sum(sessions_of(run[1]) for run in runs) == MANY
    assert not overlap(runs)
    return runs


@pytest.mark.spec("O-31", "operation")
@pytest.mark.spec("O-30", "operation")
def test_who_is_killed_at_work_is_replaced_within_a_minute_and_nothing_is_lost(three: Three) -> None:
    three.owe(MANY)
    first = three.at_work()
    os.kill(first, signal.SIGKILL)
    took = three.taken_over_from(first)
    runs = runs_until_all_is_done(three, first)
    assert took < LATEST_SECONDS
    assert first not in {run[0] for run in runs[1:]}
    assert all(housekeeper_of(server.pid) not in {None, first} for server in three.servers)


@pytest.mark.spec("O-32", "operation")
def test_who_is_suspended_at_work_does_nothing_once_another_has_taken_over(three: Three) -> None:
    three.owe(MANY)
    first = three.at_work()
    while True:
        os.kill(first, signal.SIGSTOP)
        time.sleep(0.5)
        if not three.is_sqlite or three.can_write():
            break
        os.kill(first, signal.SIGCONT)  # in a transaction, in which nobody takes over
        time.sleep(0.03)
    took = three.taken_over_from(first)
    os.kill(first, signal.SIGCONT)
    runs_until_all_is_done(three, first)
    assert took < LATEST_SECONDS
    assert first in {housekeeper_of(server.pid) for server in three.servers}
    assert [server.log_text().count("another process has taken over") for server in three.servers].count(
        1
    ) == 1
    assert not any("Traceback" in server.log_text() for server in three.servers)


@pytest.mark.spec("O-37", "operation")
def test_an_email_that_waits_is_sent_once_within_a_minute(three: Three) -> None:
    before = len(three.mail.emails)
    three.ask(AN_EMAIL)
    until(lambda: len(three.mail.emails) > before, LATEST_SECONDS)
    until(lambda: not three.ask("SELECT 1 FROM accounts_waitingemail"), 10)
    time.sleep(2)
    assert len(three.mail.emails) == before + 1
    assert "Bo" in three.mail.emails[-1]
