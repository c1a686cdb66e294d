"""The threads of a worker: none is forgotten, whatever happens. `tests/stories` have it running."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from server.workers.bodies import MOST_BYTES, AwaitedBodies
from server.workers.exchange import Exchange
from server.workers.permits import Permit, Permits, aside
from server.workers.watch import Watch
from server.workers.worker import Reserve, Worker


def in_thread(act: Callable[[], object]) -> bool:
    """Act in a thread of its own, which has its own connection, and return whether it came to its end."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(5)
    return not thread.is_alive()


def test_a_thread_that_comes_while_the_reserve_closes_is_not_kept() -> None:
    reserve = Reserve()

    class Late(deque[Any]):
        def append(self, lock: Any) -> None:
            reserve.let_go()
            super().append(lock)

    reserve.parked = Late()
    assert in_thread(reserve.keep)


def test_kept_threads_are_let_go() -> None:
    reserve = Reserve()
    kept = [threading.Thread(target=reserve.keep) for _ in range(20)]
    for thread in kept:
        thread.start()
    releases = [threading.Thread(target=reserve.let_go) for _ in range(3)]
    for thread in releases:
        thread.start()
    for thread in [*kept, *releases]:
        thread.join(5)
        assert not thread.is_alive()


def exchange() -> Exchange:
    return Exchange(Mock(), {"PATH_INFO": "/"}, None, None)


def worker() -> Worker:
    handler: Any = None
    return Worker(handler, threads=2, server=("127.0.0.1", 1), bodies=AwaitedBodies(1), log=None)


def test_while_a_thread_waits_aside_no_other_is_kept() -> None:
    """Those of granian's that work are few; all might be aside, and the others kept."""
    seen: list[tuple[bool, int]] = []

    def work(_: Exchange) -> None:
        assert not watch.look_at(permits)
        with aside():
            seen.append((watch.look_at(permits), len(permits.free)))

    watch = Watch(worker(), 0, stop_seconds=1, statement_seconds=3)
    permits = Permits(1, work)
    assert in_thread(lambda: permits.take(exchange()))
    assert seen == [(True, 1)]
    assert not watch.look_at(permits)
    assert len(permits.free) == 1


def test_a_connection_that_cannot_be_closed_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    done: list[Exchange] = []
    permits = Permits(1, done.append)
    [permit] = permits.all
    broken = permit.connection

    def close_if_unusable_or_obsolete() -> None:
        raise OSError("no")

    broken.close_if_unusable_or_obsolete = close_if_unusable_or_obsolete
    assert in_thread(lambda: permits.take(exchange()))
    assert len(done) == 1
    assert permit.connection is not broken
    assert permits.free == [permit]
    assert isinstance(permit, Permit)


def test_the_watch_survives_what_it_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    class Failing(Watch):
        def look(self) -> None:
            looks.append(1)
            raise ValueError

    monkeypatch.setattr("server.workers.watch.TICK_SECONDS", 0)
    parents = iter([7, 7, 7, 8])
    monkeypatch.setattr("os.getppid", lambda: next(parents))
    monkeypatch.setattr("os.kill", lambda *_: None)
    monkeypatch.setattr("os._exit", lambda _: None)
    Failing(worker(), 7, stop_seconds=0, statement_seconds=3).run()
    assert len(looks) == 3


@pytest.mark.parametrize(("complete", "given_up"), [(MOST_BYTES, 0), (MOST_BYTES - 4_000_000, 2), (0, 0)])
def test_others_are_given_up_where_that_makes_room(complete: int, given_up: int) -> None:
    bodies = AwaitedBodies(1)
    bodies.sizes = {exchange(): complete}
    for _ in range(3):
        coming = exchange()
        bodies.coming[coming], bodies.sizes[coming] = 1.0, 1_500_000
    has_room = bodies.has_room(2_000_000) or bodies.make_room(2_000_000)
    assert has_room is (complete < MOST_BYTES)
    assert len(bodies.coming) == 3 - given_up
    assert len(bodies.sizes) == 4 - given_up
