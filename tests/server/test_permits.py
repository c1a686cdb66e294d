"""How many requests are worked on at once, and what the others do; `tests/stories` have it running."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from common.patience import patience
from server.workers.environ import environ_of
from server.workers.exchange import Exchange
from server.workers.permits import Permits, aside, holding
from server.workers.worker import Reserve
from tests.server.exchanges import answered, new_exchange

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_connection() -> Iterator[None]:
    """Give the thread that runs the tests its connection back: the test database is dropped with it."""
    own = connections[DEFAULT_DB_ALIAS]
    yield
    connections[DEFAULT_DB_ALIAS], holding.connection = own, None


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_every_request_is_answered_once_and_a_few_are_worked_on_at_a_time() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def work(exchange: Exchange) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.001)
        with lock:
            at_once -= 1
        exchange.answer(200, [], b"")

    permits = Permits(2, work)
    exchanges = [new_exchange() for _ in range(300)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(permits.take, exchanges))
    wait_until(lambda: all(answered(exchange) == [200] for exchange in exchanges))
    assert most == 2
    assert len(permits.free) == 2
    assert not permits.waiting


def test_each_permit_has_a_connection_of_its_own() -> None:
    used: set[int] = set()
    both = threading.Barrier(2)

    def work(exchange: Exchange) -> None:
        both.wait(5)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        used.add(id(holding.connection.connection))
        exchange.answer(200, [], b"")

    permits = Permits(2, work)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(permits.take, [new_exchange(), new_exchange()]))
    assert len(used) == 2
    for permit in permits.all:
        permit.connection.close()


def test_what_waits_for_something_else_lets_others_work() -> None:
    waiting, go_on = threading.Event(), threading.Event()

    def work(exchange: Exchange) -> None:
        if exchange is first:
            with aside():
                waiting.set()
                go_on.wait(5)
        exchange.answer(200, [], b"")

    permits, first, second = Permits(1, work), new_exchange(), new_exchange()
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(permits.take, first)
        assert waiting.wait(5)
        assert permits.take(second)
        assert (answered(first), answered(second)) == ([], [200])
        go_on.set()
        assert taken.result()
    assert (answered(first), len(permits.free)) == ([200], 1)


@pytest.mark.spec("W-67", "ASVS 15.2.2")
def test_what_has_waited_for_something_else_may_wait_for_the_database_as_long_as_before() -> None:
    left: list[float] = []

    def work(_: Exchange) -> None:
        left.append(patience.until - time.monotonic())
        with aside():
            time.sleep(0.5)
        left.append(patience.until - time.monotonic())

    Permits(1, work).take(new_exchange())
    assert left[1] == pytest.approx(left[0], abs=0.1)


def test_what_fails_gives_its_permit_back() -> None:
    def work(_: Exchange) -> None:
        raise RuntimeError("on purpose")

    permits = Permits(1, work)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            permits.take(new_exchange())
    assert len(permits.free) == 1


def test_threads_that_are_not_needed_are_kept_until_they_are() -> None:
    reserve = Reserve()
    threads = [threading.Thread(target=reserve.keep) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(reserve.parked) == 3)
    reserve.let_go()
    for thread in threads:
        thread.join(5)
    reserve.keep()  # returns at once: something takes long
    reserve.open()
    assert reserve.is_open


class Headers:
    """What granian says of headers."""

    def __init__(self, *headers: tuple[str, str]) -> None:
        self.headers = headers

    def items(self) -> list[tuple[str, str]]:
        return list(self.headers)

    def keys(self) -> list[str]:
        return list(dict(self.headers))

    def __len__(self) -> int:
        return len(self.keys())


class Scope:
    """What granian says of a request."""

    path, method, query_string, client, scheme = "/é", "GET", "a=1", "[::1]:4711", "http"
    authority = None

    def __init__(self, *headers: tuple[str, str]) -> None:
        self.headers = Headers(*headers)


@pytest.mark.spec("S-31", "RFC 9110 §5.1")
@pytest.mark.parametrize("forged", ["x_forwarded_for", "x_forwarded-for", "x-forwarded_for"])
def test_a_header_with_an_underscore_is_no_header(forged: str) -> None:
    theirs, ours = (forged, "6.6.6.6"), ("x-forwarded-for", "192.0.2.1")
    for headers in ([theirs, ours], [ours, theirs], [theirs, ours, theirs]):
        assert environ_of(Scope(*headers), ("host", 1))["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
    assert "HTTP_X_FORWARDED_FOR" not in environ_of(Scope(theirs), ("host", 1))


def test_headers_are_found_where_a_gateway_puts_them() -> None:
    headers = [
        ("content-type", "text/plain"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("accept", "x"),
        ("accept", "y"),
    ]
    environ = environ_of(Scope(*headers), ("host", 80))
    assert (environ["CONTENT_TYPE"], environ["HTTP_COOKIE"], environ["HTTP_ACCEPT"]) == (
        "text/plain",
        "a=1; b=2",
        "x,y",
    )
    assert (environ["REMOTE_ADDR"], environ["PATH_INFO"]) == ("::1", "/Ã©")
