"""Who goes first where requests wait: not those whose requests are refused by the dozen."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.workers import line
from server.workers.exchange import Exchange
from server.workers.line import Line, Precedence
from server.workers.permits import Permits

pytestmark = pytest.mark.spec("U-19", "the inspector; ASVS 15.2.2")

FLOODING, QUIET = {"REMOTE_ADDR": "198.51.100.7"}, {"REMOTE_ADDR": "192.0.2.1"}


def exchange_from(environ: dict[str, str]) -> Exchange:
    return Exchange(object(), environ, None, None)


@pytest.fixture
def flooded() -> Precedence:
    precedence = Precedence()
    for _ in range(line.MANY):
        precedence.note_refused(FLOODING)
    for _ in range(line.MANY - 1):
        precedence.note_refused(QUIET)
    return precedence


def test_requests_of_a_network_that_floods_wait_behind_the_others(flooded: Precedence) -> None:
    waiting = Line(flooded.goes_last)
    flood, quiet = [[exchange_from(environ) for _ in range(2)] for environ in (FLOODING, QUIET)]
    for exchange in (flood[0], quiet[0], flood[1], quiet[1]):
        waiting.append(exchange)
    assert len(waiting) == 4
    assert waiting.copy() == [*quiet, *flood]
    assert [waiting.popleft() for _ in range(4)] == [*quiet, *flood]
    assert not waiting
    with pytest.raises(IndexError):
        waiting.popleft()


def test_any_request_that_waits_can_be_given_up(flooded: Precedence) -> None:
    waiting = Line(flooded.goes_last)
    exchanges = [exchange_from(environ) for environ in (FLOODING, QUIET)]
    for exchange in exchanges:
        waiting.append(exchange)
        waiting.remove(exchange)
        with pytest.raises(ValueError, match="not in deque"):
            waiting.remove(exchange)
    assert not waiting


def test_where_nothing_waits_they_are_answered_at_once(flooded: Precedence) -> None:
    answered: list[Exchange] = []
    permits, exchange = Permits(1, answered.append, flooded.goes_last), exchange_from(FLOODING)
    assert permits.take(exchange)
    assert answered == [exchange]


def test_they_are_worked_on_one_at_a_time_and_others_meanwhile(flooded: Precedence) -> None:
    answered: list[Exchange] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(exchange: Exchange) -> None:
        if exchange is first:
            begun.set()
            assert go_on.wait(5)
        answered.append(exchange)

    permits = Permits(2, work, flooded.goes_last)
    first, second, quiet = (exchange_from(environ) for environ in (FLOODING, FLOODING, QUIET))
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(permits.take, first)
        assert begun.wait(5)
        assert not permits.take(second)
        assert permits.take(quiet)
        assert answered == [quiet]
        go_on.set()
        assert taken.result()
    assert answered == [quiet, first, second]
    assert len(permits.free) == 2


def test_whoever_has_stopped_is_as_good_as_the_others_a_window_later(
    flooded: Precedence, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flooded.goes_last(FLOODING)
    assert not flooded.goes_last(QUIET)
    now = time.monotonic() + line.WINDOW_SECONDS + 1
    monkeypatch.setattr("server.workers.line.time.monotonic", lambda: now)
    assert not flooded.goes_last(FLOODING)
    flooded.note_refused(FLOODING)
    assert not flooded.goes_last(FLOODING)
    assert not flooded.last_until


def test_strangers_from_everywhere_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_NETWORKS", 10)
    precedence = Precedence()
    for number in range(30):
        precedence.note_refused({"REMOTE_ADDR": f"198.51.100.{number}"})
    assert len(precedence.refused) == 10
