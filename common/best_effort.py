"""Writing what is good to know and never worth failing a request for."""

import contextlib
import logging
from collections.abc import Iterator

from django.db import DatabaseError

from common.patience import patience

log = logging.getLogger("gatehouse.database")
# How long such a write waits for another one on SQLite, where there is one at a time.
WAIT_SECONDS = 0.05


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
    """Hardly wait for other writers on SQLite."""
    before, patience.seconds = patience.seconds, WAIT_SECONDS
    try:
        yield
    finally:
        patience.seconds = before
