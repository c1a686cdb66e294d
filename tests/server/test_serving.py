"""The threads of a worker: none is forgotten, whatever happens. `tests/stories` have it running."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from django.db import connection

from server.workers.bodies import MOST_OF_ALL, AwaitedBodies
from server.workers.exchange import Exchange
from server.workers.permits import Permits, aside
from server.workers.watch import Watch
from server.workers.worker import Reserve, Worker
from tests.server.exchanges import answered, is_broken_off, new_exchange


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


def new_worker(bodies: AwaitedBodies | None = None) -> Worker:
    application: Any = None
    bodies = bodies or AwaitedBodies(1)
    return Worker(application, threads=2, server=("127.0.0.1", 1), bodies=bodies, log=None)


def test_while_a_thread_waits_aside_no_other_is_kept() -> None:
    """Those of granian's that work are few; all might be aside, and the others kept."""
    worker = new_worker()
    watch = Watch(worker, 0, stop_seconds=1, statement_seconds=3)
    let_go: list[bool] = []

    def work(_: Exchange) -> None:
        with aside():
            watch.look()
            let_go.append(in_thread(worker.reserve.keep))

    permits = worker.reading = worker.writing = Permits(1, work)
    assert in_thread(lambda: permits.take(new_exchange()))
    assert let_go == [True]
    watch.look()
    kept = threading.Thread(target=worker.reserve.keep, daemon=True)
    kept.start()
    kept.join(0.1)
    assert kept.is_alive()
    worker.reserve.let_go()
    kept.join(5)
    assert not kept.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_cannot_be_closed_is_replaced() -> None:
    def work(exchange: Exchange) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        exchange.answer(200, [], b"")

    def fail() -> None:
        raise OSError("no")

    permits = Permits(1, work)
    [permit] = permits.all
    permit.connection.close_if_unusable_or_obsolete = permit.connection.cursor = fail
    for _ in range(2):
        exchange = new_exchange()
        assert in_thread(lambda sent=exchange: permits.take(sent))  # type: ignore[misc]
        assert answered(exchange) == [200]
    permit.connection.close()


def test_the_watch_survives_what_it_meets(caplog: pytest.LogCaptureFixture) -> None:
    """A body that takes too long is given up by its next look."""

    class Faulty(AwaitedBodies):
        looks = 0

        def give_up_slow(self) -> bool:
            self.looks += 1
            if self.looks == 1:
                raise ValueError("on purpose")
            super().give_up_slow()
            raise SystemExit  # which ends the watch

    bodies = Faulty(0)
    slow = new_exchange(CONTENT_LENGTH="9", **{"wsgi.input": (body := Body(9))})
    slow.arrived -= 1
    sender = threading.Thread(target=bodies.receive, args=[slow, MOST_OF_ALL, lambda _: None], daemon=True)
    sender.start()
    assert body.is_awaited.wait(5)
    watch = Watch(new_worker(bodies), os.getppid(), stop_seconds=0, statement_seconds=3)

    def look_until_the_end() -> None:
        with contextlib.suppress(SystemExit):
            watch.run()

    assert in_thread(look_until_the_end)
    assert is_broken_off(slow)
    assert [record.message for record in caplog.records] == ["The watch has failed"]
    body.has_come.set()
    sender.join(5)
    assert not sender.is_alive()


class Body:
    """What a client sends when it is told to."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.is_awaited, self.has_come = threading.Event(), threading.Event()

    def read(self, _: int) -> bytes:
        self.is_awaited.set()
        self.has_come.wait(5)
        return b"x" * self.size


@pytest.mark.parametrize(
    ("worked_on", "size", "given_up", "is_taken"),
    [(16, 500_000, 0, False), (15, 1_000_000, 2, True), (0, 1_000_000, 0, True)],
    ids=["no room for it", "room when others have gone", "room for all"],
)
def test_others_are_given_up_where_that_makes_room(
    worked_on: int, size: int, given_up: int, is_taken: bool
) -> None:
    """A worker holds 32 MiB, of which those that are worked on have the largest part here."""
    bodies, taken, whole = AwaitedBodies(60), list[Exchange](), b"x" * MOST_OF_ALL

    def send(body: Any, length: int) -> Exchange:
        exchange = new_exchange(CONTENT_LENGTH=str(length), **{"wsgi.input": body})
        bodies.receive(exchange, MOST_OF_ALL, taken.append)
        return exchange

    for _ in range(worked_on):
        send(BytesIO(whole), MOST_OF_ALL)
    slow = [Body(size) for _ in range(3)]
    with ThreadPoolExecutor(len(slow)) as pool:
        coming = [pool.submit(send, body, size) for body in slow]
        assert all(body.is_awaited.wait(5) for body in slow)
        another = send(BytesIO(whole), MOST_OF_ALL)
        for body in slow:
            body.has_come.set()
    assert (another in taken, answered(another)) == (is_taken, [] if is_taken else [503])
    senders = [one.result() for one in coming]
    assert sum(map(is_broken_off, senders)) == given_up
    assert all((sender in taken) is not is_broken_off(sender) for sender in senders)
