"""What the database may report, and what of it is a matter of time."""

from django.db import InterfaceError, InternalError, OperationalError, connection

# Where a transaction cannot be what was asked for: a server that only reads, or is in recovery (class 25).
INVALID_TRANSACTION_STATE = "25"


def is_passing(error: BaseException | None) -> bool:
    """Return whether a request may succeed later: the database is away, busy, full, or only reads for now."""
    if isinstance(error, InternalError):
        state = getattr(error.__cause__, "sqlstate", None) or ""
        return state.startswith(INVALID_TRANSACTION_STATE)
    return isinstance(error, OperationalError | InterfaceError)


def drop_connection() -> None:
    """Let the next request of this thread connect anew: perhaps to a server or file that can be written."""
    if not connection.in_atomic_block:
        connection.close()
