"""The last requests of each application that were granted, until they are written.

While a worker has little to do they are written at once, so that whoever tries something out sees it.
Otherwise that is once a minute for each application: those that others have followed since are never written.
"""

from collections import deque

from oauthapps.http.notes import Note, cut
from oauthapps.models import RecordedRequest
from oauthapps.services.recorded_requests import GRANTED_KEPT
from server.journal.clients import Known
from server.journal.entries import row_of, time_of

# Where so few wait in all they are written after a second, and otherwise once a minute.
FEW, SOON_SECONDS, LATER_SECONDS = 10, 1.0, 60.0
# Notes that wait at most, with what was sent; of more applications each has fewer.
MOST_WAITING = 2_000


class Ring:
    """The last requests of an application, and when such were last written."""

    def __init__(self, application: Known) -> None:
        self.application = application
        self.notes: deque[Note] = deque()
        self.written_at = float("-inf")

    def remove_superseded(self) -> None:
        """Remove the application's rows that can't be among its last ones, if these alone are as many."""
        if len(self.notes) == GRANTED_KEPT:
            earlier = RecordedRequest.objects.granted().filter(in_full=False, at__lt=time_of(self.notes[0]))
            earlier.filter(application=self.application.id).delete()


class Granted:
    """The granted requests that a worker has yet to write down, by application."""

    def __init__(self) -> None:
        self.rings: dict[int, Ring] = {}
        self.waiting = 0

    def add(self, note: Note, application: Known) -> None:
        """Take in a request that was granted."""
        ring = self.rings.get(application.id)
        if ring is None:
            ring = self.rings[application.id] = Ring(application)
        if ring.notes and (len(ring.notes) == GRANTED_KEPT or self.waiting >= MOST_WAITING):
            ring.notes.popleft()
            self.waiting -= 1
        ring.notes.append(note._replace(environ=cut(note.environ)) if note.environ else note)
        self.waiting += 1

    def due(self, now: float, *, everything: bool) -> list[Ring]:
        """Return the rings that are to be written."""
        seconds = 0.0 if everything else SOON_SECONDS if self.waiting <= FEW else LATER_SECONDS
        return [ring for ring in self.rings.values() if ring.notes and now - ring.written_at >= seconds]

    def rows(self, rings: list[Ring]) -> list[RecordedRequest]:
        """Return the rows of some rings, the earliest request first."""
        noted = ((note, ring.application) for ring in rings for note in ring.notes)
        return [row_of(note, application) for note, application in sorted(noted, key=lambda pair: pair[0].at)]

    def wrote(self, ring: Ring, now: float) -> None:
        """Take in that all of a ring was written at a time by the clock of `time.monotonic`."""
        self.waiting -= len(ring.notes)
        ring.notes.clear()
        ring.written_at = now
