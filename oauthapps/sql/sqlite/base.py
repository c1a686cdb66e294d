"""Django's SQLite backend, under which writers take turns and hardly wait longer than they must.

SQLite gives the right to write to whoever asks first once it is free: that is a program which writes all the
time, because it asks again at once. So everybody here passes a gate first, and stays in it until they may
write. Whoever has just written finds the next one in the gate. Commands, which nobody waits for, let requests
go first. Programs that are not ours know no gate.
"""

import fcntl
import os
import sqlite3
import time
from contextlib import suppress
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any

from django.db.backends.sqlite3 import base

from common.folder_lock import locked
from common.patience import patience

# Seconds between two looks at the gate, or two attempts to write while another connection does.
PAUSE_SECONDS = 0.001
# Seconds after which the gate is passed although somebody is in it.
LONGEST_SECONDS = 0.5
# A command passes when it has found the gate empty so many times in a row.
QUIET_LOOKS = 2
# Seconds that a request may wait for others to have written after it could no longer be tried again.
LAST_SECONDS = 2
# The low byte of an extended result code is what it extends.
PRIMARY = 0xFF
READS = ("SELECT", "PRAGMA")


class Gate:
    """The gate of a connection: a lock on the folder of its file, which the system ends with the process.

    Args:
        file: the path of the SQLite file.

    Attributes:
        lets_others_go_first: whether others than this connection may pass before it.
        until: the time, by the clock of `time.monotonic`, from which on it does not wait.
    """

    def __init__(self, file: str) -> None:
        self.path = Path(file).resolve().parent
        self.folder = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.lets_others_go_first = False
        self.until = inf

    def close(self) -> None:
        """Have no gate any more."""
        os.close(self.folder)

    def __enter__(self) -> None:
        if self.enter():
            return
        looks, deadline = 0, min(time.monotonic() + LONGEST_SECONDS, self.until)
        while time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
            looks = looks + 1 if self.enter() else 0
            if looks == (QUIET_LOOKS if self.lets_others_go_first else 1):
                return
            self.leave()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def enter(self) -> bool:
        """Go into the gate if nobody is in it; return whether this connection has passed as far as it can."""
        if self.path in locked:  # this process keeps others out, for longer
            return True
        try:
            fcntl.flock(self.folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without such locks
            return True
        return True

    def leave(self) -> None:
        """Leave the gate."""
        with suppress(OSError):
            fcntl.flock(self.folder, fcntl.LOCK_UN)


class PatientCursor(base.SQLiteCursorWrapper):
    """A cursor that takes its turn to write, and waits until others have written.

    SQLite has a way to wait of its own, which soon asks only every tenth of a second. Where another program
    writes all the time, it would find the moments in between by chance.

    Attributes:
        seconds: how long it waits at most.
        gate: where it takes its turn; None for a database in memory.
    """

    seconds: float
    gate: Gate | None

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a statement; one that begins to write, when it is its turn."""
        if self.gate is None or self.connection.in_transaction or query.lstrip().startswith(READS):
            return self.execute_when_free(query, params)
        self.gate.lets_others_go_first = patience.until == inf
        self.gate.until = min(time.monotonic() + patience.seconds, patience.until + LAST_SECONDS)
        with self.gate:
            return self.execute_when_free(query, params)

    def execute_when_free(self, query: str, params: Any) -> Any:
        """Run a statement, again while others write and time is not up."""
        deadline = None
        while True:
            try:
                return super().execute(query, params)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                waits = min(self.seconds, patience.seconds)
                deadline = deadline or min(now + waits, patience.until + LAST_SECONDS)
                if not self.may_wait(error) or now > deadline:
                    raise
            time.sleep(PAUSE_SECONDS)

    def may_wait(self, error: sqlite3.OperationalError) -> bool:
        """Return whether others are in the way, and nothing of this connection is in theirs."""
        return error.sqlite_errorcode & PRIMARY == sqlite3.SQLITE_BUSY and not self.connection.in_transaction


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to an SQLite file, whose option `timeout` says how many seconds it waits for others.

    Attributes:
        gate: where it takes its turn to write; None for a database in memory, and before it is open.
    """

    gate: Gate | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Open the file. What that needs waits in SQLite's own way."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        if not self.is_in_memory_db():
            self.gate = Gate(self.settings_dict["NAME"])
        return connection

    def create_cursor(self, name: str | None = None) -> PatientCursor:  # noqa: ARG002  # Django's
        """Return a new cursor."""
        cursor: PatientCursor = self.connection.cursor(factory=PatientCursor)
        cursor.seconds, cursor.gate = self.settings_dict["OPTIONS"]["timeout"], self.gate
        return cursor

    def _close(self) -> None:
        """Close the file."""
        super()._close()  # type: ignore[misc]  # the stubs do not know it
        if self.gate is not None:
            self.gate.close()
            self.gate = None
