"""What a worker writes down of the requests that it has answered, from notes in memory.

One thread reads and writes. What the database does not take now is kept, as far as there is room for it, and
written later.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from oauthapps.http.notes import Note, notes
from oauthapps.sql.recording import REPEATED_REFUSAL
from server.faults import drop_connection
from server.journal.clients import Clients
from server.journal.refusals import Refusals
from server.journal.writing import write

# Seconds between two writings of rows that requests share.
SHARED_SECONDS = 5.0
# Rows that one transaction adds.
AT_ONCE = 200
# Seconds after which it is tried again to write what could not be written.
PAUSE_SECONDS = 5.0

log = logging.getLogger("gatehouse.server")


class Journal:
    """Reads notes and writes rows.

    Attributes:
        paused_until: until when nothing is done, by the clock of `time.monotonic`, after the database failed.
    """

    def __init__(self) -> None:
        self.clients = Clients()
        self.refusals = Refusals()
        self.paused_until = self.shared_at = float("-inf")

    def look(self) -> None:
        """Read what was noted, and write what is due."""
        now = time.monotonic()
        if now >= self.paused_until:
            with self.tolerantly():
                self.read()
                self.write(now, everything=False)

    def finish(self) -> None:
        """Read and write everything, if the database takes it."""
        with self.tolerantly():
            self.read()
            self.write(time.monotonic(), everything=True)

    def read(self) -> None:
        """Take in what was noted so far, the earliest first."""
        for _ in range(len(notes)):
            self.take_in(notes[0])
            notes.popleft()

    def take_in(self, note: Note) -> None:
        """Take in one note."""
        application = self.clients.application_of(note)
        if note.refusal:
            self.refusals.add(note, application)

    def write(self, now: float, *, everything: bool) -> None:
        """Write what is due at a time by the clock of `time.monotonic`, or everything."""
        while own := self.refusals.own[:AT_ONCE]:
            for entry in own:
                entry.explain()
            write([entry.row for entry in own])
            del self.refusals.own[: len(own)]
        if everything or now - self.shared_at >= SHARED_SECONDS:
            self.shared_at = now
            self.write_shared()

    def write_shared(self) -> None:
        """Write the rows that requests share."""
        groups = self.refusals.shared()
        entries = [group.shared for group in groups if group.shared]
        for entry in entries:
            entry.explain()
        write([entry.row for entry in entries], REPEATED_REFUSAL)
        for group in groups:
            group.shared = None

    @contextmanager
    def tolerantly(self) -> Iterator[None]:
        """Do what the database allows; pause, and say so once, when it does not."""
        try:
            yield
        except DatabaseError as error:
            if self.paused_until == float("-inf"):
                log.warning("Could not record requests (%s)", type(error).__name__)
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            drop_connection(error)
        except Exception:  # without it nothing would be recorded any more
            log.exception("Requests could not be recorded")
            self.paused_until = time.monotonic() + PAUSE_SECONDS
        else:
            self.paused_until = float("-inf")
