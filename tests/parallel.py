"""Requests at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

THREADS = 6
T = TypeVar("T")


def in_parallel(request: Callable[[], T], times: int = THREADS) -> list[T]:
    """Send the same request from several threads that start together, each with its own connection."""
    barrier = Barrier(times)

    def one() -> T:
        barrier.wait()
        try:
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(times)]]
