"""Who goes first where requests wait: not networks most of whose requests are refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthapps.http.messages import Endpoint
from server.probes import live
from server.workers import line
from server.workers.exchange import Exchange
from server.workers.line import Line, Precedence
from server.workers.permits import Permits

pytestmark = pytest.mark.spec("U-19", "the inspector; ASVS 15.2.2")

FLOODING, QUIET = {"REMOTE_ADDR": "198.51.100.7"}, {"REMOTE_ADDR": "192.0.2.1"}


def exchange_from(environ: dict[str, str]) -> Exchange:
    return Exchange(object(), environ, None, None)


def refuse(precedence: Precedence, environ: dict[str, str], times: int = 1) -> None:
    for _ in range(times):
        precedence.note(exchange_from(environ), is_refused=True)


@pytest.fixture
def flooded() -> Precedence:
    precedence = Precedence()
    refuse(precedence, FLOODING, line.FEW)
    refuse(precedence, QUIET, line.FEW - 1)
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


def test_whoever_has_stopped_is_as_good_as_the_others_two_windows_later(
    flooded: Precedence, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = exchange_from(FLOODING)
    assert flooded.goes_last(flood)
    assert not flooded.goes_last(exchange_from(QUIET))
    began = time.monotonic()
    for seconds, goes_last in ((line.WINDOW_SECONDS + 1, True), (2 * line.WINDOW_SECONDS + 2, False)):
        monkeypatch.setattr("server.workers.line.time.monotonic", lambda now=began + seconds: now)
        assert flooded.goes_last(flood) is goes_last
    assert not flooded.refused_before


def test_a_network_of_which_more_is_granted_goes_first_whoever_fails_in_it() -> None:
    precedence, office = Precedence(), exchange_from(QUIET)
    refuse(precedence, QUIET)
    for _ in range(5):
        precedence.note(office, is_refused=False)
        refuse(precedence, QUIET)
        assert not precedence.goes_last(office)


def test_nothing_is_counted_of_networks_none_of_whose_requests_were_refused() -> None:
    precedence = Precedence()
    precedence.note(exchange_from(QUIET), is_refused=False)
    refuse(precedence, FLOODING)
    precedence.note(exchange_from(QUIET), is_refused=False)
    assert list(precedence.refused) == [FLOODING["REMOTE_ADDR"]]


def test_whoever_has_no_address_and_probes_go_first(flooded: Precedence) -> None:
    refuse(flooded, {"REMOTE_ADDR": ""}, 2 * line.FEW)
    assert not flooded.goes_last(exchange_from({"REMOTE_ADDR": ""}))
    probe = Endpoint(live, is_probe=True)
    assert not flooded.goes_last(Exchange(object(), FLOODING, probe, None))


def test_a_thread_is_not_kept_while_a_request_could_overtake_others(flooded: Precedence) -> None:
    permits = Permits(1, lambda _: None, flooded.goes_last)
    taken = [permits.are_taken]
    permits.free.clear()
    taken.append(permits.are_taken)
    permits.waiting.append(exchange_from(FLOODING))
    assert [*taken, permits.are_taken] == [False, True, False]


def test_strangers_from_everywhere_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_NETWORKS", 10)
    precedence = Precedence()
    for number in range(30):
        refuse(precedence, {"REMOTE_ADDR": f"198.51.100.{number}"})
    assert len(precedence.refused) == 10
