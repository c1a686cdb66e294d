"""What a worker notes of every request, and adds to its counters ten times a second.

A note takes a fraction of a microsecond, a counter several: a lock, and a write to a file in memory. A worker
that is killed takes along what it noted in its last tenth of a second.
"""

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from oauthapps.http.messages import ApiResponse, Endpoint
from oauthapps.sql.execution import spent, timed
from server.metrics.counters import Answered, Counters, Decided, Waited

Note = TypeVar("Note")

log = logging.getLogger("gatehouse.server")


class Recorder:
    """Notes what a worker does; any thread may note, and one adds up.

    Args:
        counters: what it is added to.

    Attributes:
        note_answer: notes a request that was answered.
    """

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        self.answered: deque[Answered] = deque()
        self.waited: deque[Waited] = deque()
        self.decided: deque[Decided] = deque()
        self.note_answer = self.answered.append
        connection_created.connect(time_statements)

    def note_work(self, endpoint: Endpoint | None, path: str, answer: ApiResponse | None) -> None:
        """Note what this thread has done for a request: tokens, replays, time of the database.

        Args:
            endpoint: what is at its URL; None for browser requests.
            path: of its URL.
            answer: the endpoint's; None for browser requests.
        """
        if seconds := spent.seconds:
            self.waited.append((endpoint, path, seconds))
            spent.seconds = 0.0
        if answer is not None and (answer.grant_type is not None or answer.refusal is not None):
            self.decided.append((answer.grant_type, answer.refusal))

    def add_up(self) -> None:
        """Add to the counters what has been noted."""
        self.counters.add_answers(taken(self.answered))
        self.counters.add_waits(taken(self.waited))
        self.counters.add_decisions(taken(self.decided))


def taken(notes: deque[Note]) -> Iterator[Note]:
    """Yield what has been noted so far, the earliest first, and take it out."""
    for _ in range(len(notes)):
        yield notes.popleft()


def begin(folder: Path | None, number: int) -> Recorder | None:
    """Return what a worker counts with; None where it is not to count, or cannot: it serves all the same.

    Args:
        folder: where the files are, if there are any.
        number: the worker's.
    """
    if folder is None:
        return None
    try:
        return Recorder(Counters(folder, number))
    except Exception:
        log.exception("This worker counts nothing")
        return None


def time_statements(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Have a connection's statements timed; those that are prepared are in any case."""
    if timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(timed)
