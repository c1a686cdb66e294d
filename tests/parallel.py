"""Things that happen at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

THREADS = 6
T = TypeVar("T")


def in_parallel(act: Callable[[], T], times: int = THREADS) -> list[T]:
    """Do the same several times at once and return what came of each."""
    return all_at_once([act] * times)


def all_at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do each act in a thread of its own, with its own connection; they start together."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(one, act) for act in acts]]
