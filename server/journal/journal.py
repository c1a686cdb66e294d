"""What a worker writes down of the requests that it has answered, from notes in memory.

One thread reads and writes. What the database does not take now is kept, as far as there is room for it, and
written later.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile

from django.db import DatabaseError

from oauthapps.http.notes import MOST_NOTES, Note, notes
from oauthapps.sql.adding import KEEP
from oauthapps.sql.recording import CALLER, REPEATED_REFUSAL, USAGE
from server.faults import drop_connection
from server.journal.clients import Clients, Known
from server.journal.entries import Entry
from server.journal.granted import Granted
from server.journal.refusals import Group, Refusals
from server.journal.usage import UsageCounters
from server.journal.writing import write

# Seconds between two writings of rows that requests share.
SHARED_SECONDS = 5.0
# Seconds between two writings of counts.
COUNTS_SECONDS = 60.0
# Rows that one transaction adds. To explain a refusal takes several statements, so there is a limit of time
# as well, and one for the last time: in a flood, rows that have to wait a moment keep no request waiting.
AT_ONCE, LONGEST_SECONDS, LAST_SECONDS = 20, 0.02, 1.5
# Notes that are read before anything is written.
MOST_READ = 5_000
# Seconds after which it is tried again to write what could not be written.
PAUSE_SECONDS = 5.0
# The lowest HTTP status of an error.
FIRST_ERROR = 400

log = logging.getLogger("gatehouse.server")


class Journal:
    """Reads notes and writes rows.

    Attributes:
        paused_until: until when nothing is done, by the clock of `time.monotonic`, after the database failed.
    """

    def __init__(self) -> None:
        self.clients = Clients()
        self.refusals = Refusals()
        self.granted = Granted()
        self.usage = UsageCounters()
        self.paused_until = float("-inf")
        self.shared_at = self.counted_at = time.monotonic()

    def look(self) -> None:
        """Read what was noted, and write what is due."""
        now = time.monotonic()
        if now >= self.paused_until:
            with self.tolerantly():
                self.read(MOST_READ)
                self.write(time.monotonic(), everything=False)

    def finish(self) -> None:
        """Read and write everything, if the database takes it."""
        with self.tolerantly():
            self.read()
            self.write(time.monotonic(), everything=True)

    def read(self, most: int = MOST_NOTES) -> None:
        """Take in what was noted so far, the earliest first, and so many at most."""
        for _ in range(min(len(notes), most)):
            try:
                self.take_in(notes[0])
            except DatabaseError:
                raise
            except Exception:  # it would be the same the next time, and keep all others out
                log.exception("A request could not be recorded")
            notes.popleft()

    def take_in(self, note: Note) -> None:
        """Take in one note."""
        application = self.clients.application_of(note)
        self.usage.add(note, application)
        if note.refusal:
            self.refusals.add(note, application)
        elif application and is_granted(note):
            self.take_in_granted(note, application)

    def take_in_granted(self, note: Note, application: Known) -> None:
        """Take in a note of a request that was granted."""
        has_all_recorded = application.recorded_until > note.at
        if has_all_recorded and self.refusals.take_room_for_all_of(application, is_proven=True):
            self.refusals.own.append(Entry(note, application))
        else:
            self.granted.add(note, application)

    def write(self, now: float, *, everything: bool) -> None:
        """Write what is due at a time by the clock of `time.monotonic`, or everything: first the counts."""
        until = now + (LAST_SECONDS if everything else LONGEST_SECONDS)
        if everything or now - self.counted_at >= COUNTS_SECONDS:
            self.write_counts()
            self.counted_at = now
        self.write_own(until, everything=everything)
        self.write_granted(now, everything=everything)
        explain_some(self.refusals.unexplained(), until, everything=everything)
        if everything or now - self.shared_at >= SHARED_SECONDS:
            self.write_shared()
            self.shared_at = now

    def write_own(self, until: float, *, everything: bool) -> None:
        """Write the rows that requests have of their own, as many as can be explained in time, or all."""
        while own := self.refusals.own[:AT_ONCE]:
            explain_some(own, until, everything=everything)
            explained = [*takewhile(lambda entry: entry.is_explained, own)]
            write([entry.row for entry in explained])
            del self.refusals.own[: len(explained)]
            if time.monotonic() > until and not everything:
                return

    def write_shared(self) -> None:
        """Write the rows that requests share, as far as they are explained."""
        groups = [group for group in self.refusals.shared() if group.is_explained]
        write([group.shared.row for group in groups if group.shared], REPEATED_REFUSAL)
        for group in groups:
            group.shared = None

    def write_granted(self, now: float, *, everything: bool) -> None:
        """Write the last granted requests of the applications for which that is due."""
        rings = self.granted.due(now, everything=everything)
        write(self.granted.rows(rings))
        for ring in rings:
            ring.remove_superseded()
            self.granted.wrote(ring, now)

    def write_counts(self) -> None:
        """Write what was counted, in one statement for each table."""
        write(self.usage.count_rows(), USAGE)
        self.usage.counts.clear()
        write(self.usage.person_rows(), KEEP)
        self.usage.forget_people()
        write(self.usage.caller_rows(), CALLER)
        self.usage.forget_callers()

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


def explain_some(waiting: Iterable[Entry | Group], until: float, *, everything: bool) -> None:
    """Find out why requests were refused, one after the other as long as there is time, but one in any case.

    Args:
        waiting: what is to say so; a request of its own, or what stands for many.
        until: when it is late, by the clock of `time.monotonic`.
        everything: whether those that are left then say what the log says.
    """
    for number, each in enumerate(waiting):
        if number == 0 or time.monotonic() <= until:
            each.explain()
        elif everything:
            each.say_reason()
        else:
            return


def is_granted(note: Note) -> bool:
    """Return whether a client got what it asked for, rather than an error on our side."""
    return note.status < FIRST_ERROR
