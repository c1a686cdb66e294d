"""The thread in which a worker's journal is kept, with a database connection of its own."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from oauthapps.http.notes import notes
from server.faults import Kept
from server.journal.journal import Journal

TICK_SECONDS = 0.2
# Seconds that it may take to write what is left when the worker ends.
LAST_SECONDS = 2.5
# Seconds after which its connection is broken off. A server that works ends statements sooner by itself.
LONGEST_SECONDS = 15.0

log = logging.getLogger("gatehouse.server")


class JournalThread(threading.Thread):
    """Keeps the journal of a worker from its start until it is told to stop.

    Attributes:
        began_at: when it began what it does now, by the clock of `time.monotonic`; infinite while it waits.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True, name="journal")
        self.has_to_stop = threading.Event()
        self.began_at = float("inf")
        self.connection: Any = None
        self.generation = Kept.generation
        notes.are_read = True

    def run(self) -> None:
        """Read and write again and again, and all that is left in the end."""
        journal, self.connection = Journal(), connections[DEFAULT_DB_ALIAS]
        while not self.has_to_stop.wait(TICK_SECONDS):
            self.began_at = time.monotonic()
            self.do(journal.look)
            self.began_at = float("inf")
        self.do(journal.finish)

    def do(self, work: Callable[[], None]) -> None:
        """Do something with a connection that works; whatever becomes of it, the thread goes on."""
        try:
            self.renew()
            work()
        except Exception:
            log.exception("Requests could not be recorded")

    def renew(self) -> None:
        """Close the connection if it is broken or old."""
        try:
            if self.generation != Kept.generation:
                self.generation = Kept.generation
                self.connection.close()
            self.connection.close_if_unusable_or_obsolete()
        except Exception:
            log.exception("A connection to the database could not be closed")

    def stop(self) -> None:
        """Have all that is left written, as far as there is time."""
        self.has_to_stop.set()
        self.join(LAST_SECONDS)
        if self.is_alive():
            log.warning("Not all requests were recorded: the database took too long")

    def give_up_slow(self) -> None:
        """Break its connection off, from another thread, if the database has hung for too long."""
        if time.monotonic() - self.began_at > LONGEST_SECONDS:
            self.began_at = float("inf")
            if give_up := getattr(self.connection, "give_up", None):
                give_up()
