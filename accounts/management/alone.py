"""Getting an installation ready is for one process at a time: several servers may be started at once."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connection, connections

from common.folder_lock import alone_in

# Which of PostgreSQL's advisory locks: the letters of "gate".
LOCK = 0x67617465
PAUSE_SECONDS = 0.2


def alone_with_database() -> AbstractContextManager[None]:
    """Wait until no other process gets this database ready, and keep others waiting in the block."""
    if connection.vendor == "postgresql":
        return alone_on_server()
    folder = Path(str(connection.settings_dict["NAME"])).parent
    return alone_in(folder) if folder.is_dir() else nullcontext()  # SQLite itself will say what is wrong


@contextmanager
def alone_on_server() -> Iterator[None]:
    """Do likewise by a lock of PostgreSQL's, which holds wherever the other process runs.

    It belongs to a transaction on a connection of its own: the block may close the usual one, and a proxy may
    hand each transaction to another connection. Asked for again and again, because waiting for it would be a
    statement that takes too long.
    """
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            while not cursor.fetchone()[0]:
                time.sleep(PAUSE_SECONDS)
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        yield
    finally:
        own.close()
