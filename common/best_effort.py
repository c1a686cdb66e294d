"""Writing what is good to know and never worth failing a request for."""

import contextlib
import logging
from collections.abc import Iterator

from django.db import DatabaseError, connection

log = logging.getLogger("gatehouse.database")
# Milliseconds that such a write waits for another one on SQLite, where there is one at a time.
PATIENCE = 50


@contextlib.contextmanager
def best_effort(what: str) -> Iterator[None]:
    """Do what the database allows; log in one line what it does not.

    Args:
        what: what is written, for the log.
    """
    try:
        with impatiently():
            yield
    except DatabaseError as error:
        log.warning("Could not save %s (%s)", what, type(error).__name__)


@contextlib.contextmanager
def impatiently() -> Iterator[None]:
    """Wait for no other writer on SQLite."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    patience = int(1000 * connection.settings_dict["OPTIONS"]["timeout"])
    connection.connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        yield
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout = {patience}")
