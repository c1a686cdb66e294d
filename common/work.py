"""Long work in the database, done in short transactions, so that requests get their turn between them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import connection, models, transaction

# Rows that one transaction changes, at most: SQLite lets one write at a time, and requests wait meanwhile.
ROWS = {"sqlite": 50, "postgresql": 500}
# On SQLite a pause lasts so many times as long as what it follows, and so many seconds at least: whoever
# waits for the lock looks for it again and again, at most every tenth of a second.
PAUSE_TIMES, LEAST_PAUSE = 3, 0.02


def never() -> bool:
    """Return that there is no reason to stop."""
    return False


class Work:
    """What a piece of long work may do, and has done.

    Args:
        rows: how many rows a transaction may change; by default as many as suits the database.
        seconds: how long it may last; None for as long as it takes.
        has_to_stop: asked before each transaction.

    Attributes:
        rows: likewise.
        counts: what has been done and committed, by name.
        is_whole: False once there was no time for all of it.
    """

    def __init__(
        self, rows: int = 0, *, seconds: float | None = None, has_to_stop: Callable[[], bool] = never
    ) -> None:
        self.rows = rows or ROWS[connection.vendor]
        self.counts: Counter[str] = Counter()
        self.is_whole = True
        self.until = None if seconds is None else time.monotonic() + seconds
        self.has_to_stop = has_to_stop

    def may_go_on(self) -> bool:
        """Return whether there is time for another transaction; if not, the work isn't whole."""
        is_over = self.until is not None and time.monotonic() > self.until
        if is_over or self.has_to_stop():
            self.is_whole = False
        return self.is_whole

    def count(self, name: str, number: int) -> None:
        """Count what a turn does."""
        if number:
            self.counts[name] += number

    def some_of(self, rows: models.QuerySet[Any]) -> list[Any]:
        """Return the primary keys of as many rows as a transaction may change."""
        return list(rows.values_list("pk", flat=True)[: self.rows])

    def delete(self, rows: models.QuerySet[Any], kind: str) -> bool:
        """Delete rows, some in each turn, and return whether none is left.

        Args:
            rows: which.
            kind: as what they are counted.
        """
        while self.may_go_on():
            ids = self.some_of(rows)
            if not ids:
                return True
            with self.turn():
                self.count(kind, rows.filter(pk__in=ids).delete()[0])
        return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Do what is in the block in one transaction, then let others have their turn.

        What was counted in a transaction that failed isn't counted.
        """
        before = self.counts.copy()
        try:
            with transaction.atomic():
                self.begin_turn()
                began = time.monotonic()
                yield
                self.end_turn()
        except BaseException:
            self.counts = before
            self.forget_turn()
            raise
        if connection.vendor == "sqlite":
            time.sleep(max(PAUSE_TIMES * (time.monotonic() - began), LEAST_PAUSE))

    def begin_turn(self) -> None:
        """Do what comes first in every transaction."""

    def end_turn(self) -> None:
        """Do what comes last in every transaction."""

    def forget_turn(self) -> None:
        """Forget what was done in a transaction that failed."""

    def waiting(self) -> AbstractContextManager[None]:
        """Return what to be in while waiting for something else than the database, such as a mail server."""
        return nullcontext()
