"""What the database may report, and what of it is a matter of time."""

import sqlite3
import traceback

from django.db import InterfaceError, InternalError, OperationalError, connection

# Where a transaction cannot be what was asked for: a server that only reads, or is in recovery (class 25).
INVALID_TRANSACTION_STATE = "25"


def is_passing(error: BaseException | None) -> bool:
    """Return whether a request may succeed later: the database is away, busy, full, or only reads for now."""
    if isinstance(error, InternalError):
        state = getattr(error.__cause__, "sqlstate", None) or ""
        return state.startswith(INVALID_TRANSACTION_STATE)
    return isinstance(error, OperationalError | InterfaceError)


class Kept:
    """The connections that this process keeps.

    Attributes:
        generation: how often all of them had to be given up.
    """

    generation = 0


def drop_connection(error: BaseException | None = None) -> None:
    """Let the next request of this thread connect anew: perhaps to a server or file that can be written.

    Args:
        error: what the database reported, if it did.
    """
    is_read_only = is_of_read_only_file(error)
    forget_cursors(error)
    if not connection.in_atomic_block:
        connection.close()
    if is_read_only:
        Kept.generation += 1


def is_of_read_only_file(error: BaseException | None) -> bool:
    """Return whether SQLite could not write to its file.

    All connections of a process share what it has found out about a file. One that stands would let none of
    those that are opened later write, though the file may be written by then.
    """
    cause = error.__cause__ if error else None
    return isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorname.startswith(
        "SQLITE_READONLY"
    )


def forget_cursors(error: BaseException | None) -> None:
    """Let go of the cursors that an error's frames hold: SQLite closes no file while a cursor is open.

    Errors of the database refer to themselves, so that they stay until garbage is looked for.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__
