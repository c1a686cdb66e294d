"""Who goes first where requests wait, and who last: networks most of whose requests are refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthapps.http.messages import Endpoint
from server.probes import live
from server.workers import line
from server.workers import permits as permits_module
from server.workers.exchange import Exchange
from server.workers.line import Line, Precedence, Turn
from server.workers.permits import Permits

pytestmark = pytest.mark.spec("U-19", "the inspector; ASVS 15.2.2")

GOOD, NEW, FLOODING = ({"REMOTE_ADDR": address} for address in ("192.0.2.1", "203.0.113.5", "198.51.100.7"))


def exchange_from(environ: dict[str, str], endpoint: Endpoint | None = None) -> Exchange:
    return Exchange(object(), environ, endpoint, None)


def note(precedence: Precedence, environ: dict[str, str], *, refused: int = 0, granted: int = 0) -> None:
    for is_refused, times in ((True, refused), (False, granted)):
        for _ in range(times):
            precedence.note(exchange_from(environ), is_refused=is_refused)


def turn_of(precedence: Precedence, environ: dict[str, str]) -> Turn:
    return precedence.turn_of(exchange_from(environ))


@pytest.fixture
def flooded() -> Precedence:
    precedence = Precedence()
    note(precedence, FLOODING, refused=line.FEW)
    note(precedence, GOOD, granted=1)
    note(precedence, NEW, refused=line.FEW - 1)
    return precedence


def placed(precedence: Precedence, environ: dict[str, str]) -> Exchange:
    exchange = exchange_from(environ)
    precedence.place(exchange)
    return exchange


def test_good_requests_go_before_new_ones_and_those_of_a_network_that_floods_go_last(
    flooded: Precedence,
) -> None:
    waiting = Line(flooded)
    flood, new, good = [[placed(flooded, environ) for _ in range(2)] for environ in (FLOODING, NEW, GOOD)]
    for number in range(2):
        for exchange in (flood[number], new[number], good[number]):
            waiting.append(exchange)
    assert len(waiting) == 6
    assert waiting.copy() == [*good, *new, *flood]
    assert [waiting.popleft() for _ in range(4)] == [*good, *new]
    assert waiting.is_of_last
    assert [waiting.popleft() for _ in range(2)] == flood
    assert not waiting
    with pytest.raises(IndexError):
        waiting.popleft()


def test_what_is_found_out_while_requests_wait_counts_for_them(flooded: Precedence) -> None:
    waiting = Line(flooded)
    flood, new = exchange_from(FLOODING), exchange_from(NEW)
    flood.turn = new.turn = Turn.NEXT  # as they came
    for exchange in (flood, new):
        waiting.append(exchange)
    assert [waiting.popleft(), waiting.popleft()] == [new, flood]


def test_any_request_that_waits_can_be_given_up(flooded: Precedence) -> None:
    waiting = Line(flooded)
    for exchange in (placed(flooded, environ) for environ in (FLOODING, NEW, GOOD)):
        waiting.append(exchange)
        waiting.remove(exchange)
        with pytest.raises(ValueError, match="not in deque"):
            waiting.remove(exchange)
    assert not waiting


def test_where_nothing_waits_they_are_answered_at_once(flooded: Precedence) -> None:
    answered: list[Exchange] = []
    permits, exchange = Permits(1, answered.append, flooded), exchange_from(FLOODING)
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

    permits = Permits(2, work, flooded)
    first, second, good = (exchange_from(environ) for environ in (FLOODING, FLOODING, GOOD))
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(permits.take, first)
        assert begun.wait(5)
        assert not permits.take(second)
        assert permits.take(good)
        assert answered == [good]
        go_on.set()
        assert taken.result()
    assert answered == [good, first, second]
    assert len(permits.free) == 2


@pytest.mark.parametrize("number", [1, 2])
def test_others_have_the_time_after_one_of_them(
    flooded: Precedence, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    order: list[str] = []

    def other_comes(_: float) -> None:
        order.append("rest")
        assert not permits.take(exchange_from(FLOODING))
        assert permits.take(exchange_from(GOOD))

    names = {"192.0.2.1": "good", "198.51.100.7": "flood"}
    permits = Permits(number, lambda each: order.append(names[each.environ["REMOTE_ADDR"]]), flooded)
    monkeypatch.setattr(flooded, "others_came_at", time.monotonic() + 60)
    monkeypatch.setattr(permits_module, "REST", 1e9)
    monkeypatch.setattr("server.workers.permits.time.sleep", other_comes)
    began = time.monotonic()
    permits.take(exchange_from(FLOODING))
    assert order == ["flood", "rest", "good"]
    assert began < permits.rests_until <= time.monotonic() + permits_module.MOST_REST_SECONDS
    assert len(permits.waiting) == 1


def test_nobody_waits_for_others_who_do_not_come(
    flooded: Precedence, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[Exchange] = []
    monkeypatch.setattr("server.workers.permits.time.sleep", lambda _: pytest.fail("it rests"))
    permits = Permits(2, answered.append, flooded)
    for _ in range(3):
        assert permits.take(exchange_from(FLOODING))
    assert len(answered) == 3


def test_whoever_has_stopped_is_as_good_as_the_others_two_windows_later(
    flooded: Precedence, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    for seconds, turn in ((line.WINDOW_SECONDS + 1, Turn.LAST), (2 * line.WINDOW_SECONDS + 2, Turn.NEXT)):
        monkeypatch.setattr("server.workers.line.time.monotonic", lambda now=began + seconds: now)
        note(flooded, GOOD, granted=1)
        assert turn_of(flooded, FLOODING) == turn
        assert turn_of(flooded, GOOD) == Turn.FIRST


def test_what_was_before_a_pause_is_forgotten(flooded: Precedence, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.monotonic() + 3 * line.WINDOW_SECONDS
    monkeypatch.setattr("server.workers.line.time.monotonic", lambda: later)
    note(flooded, GOOD, granted=1)
    assert turn_of(flooded, FLOODING) == Turn.NEXT


def test_a_network_of_which_more_is_granted_goes_first_whoever_fails_in_it() -> None:
    precedence = Precedence()
    note(precedence, GOOD, granted=2)
    for _ in range(5):
        note(precedence, GOOD, refused=1)
        assert turn_of(precedence, GOOD) == Turn.FIRST
        note(precedence, GOOD, granted=1)


def test_whoever_has_no_address_is_one_of_many_and_probes_go_first(flooded: Precedence) -> None:
    nowhere = {"REMOTE_ADDR": ""}
    for refused, granted in ((2 * line.FEW, 0), (0, 4 * line.FEW)):
        note(flooded, nowhere, refused=refused, granted=granted)
        assert turn_of(flooded, nowhere) == Turn.NEXT
    assert flooded.turn_of(exchange_from(FLOODING, Endpoint(live, is_probe=True))) == Turn.FIRST


def test_a_thread_is_not_kept_while_a_request_could_overtake_others(flooded: Precedence) -> None:
    permits = Permits(1, lambda _: None, flooded)
    taken = [permits.are_taken]
    permits.free.clear()
    for environ in (GOOD, NEW):
        taken.append(permits.are_taken)
        permits.waiting.append(placed(flooded, environ))
    assert [*taken, permits.are_taken] == [False, True, True, False]


def test_strangers_from_everywhere_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_NETWORKS", 10)
    precedence = Precedence()
    for number in range(30):
        note(precedence, {"REMOTE_ADDR": f"198.51.100.{number}"}, refused=1)
    assert len(precedence.refused) == 10
