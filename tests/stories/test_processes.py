"""Workers and servers that die or are told to stop, while somebody asks or is in the middle of a request."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.processes import housekeeper_of, is_running, listening_on, workers_of
from tests.infrastructure.wire import Wire, listen
from tests.oauth_client import TOKEN
from tests.stories.conftest import (
    CHUNKED,
    ME,
    REFRESH,
    SIGN_IN,
    answers_everybody,
    post,
)

Stop = Callable[[int, int], None]

pytestmark = pytest.mark.story

# As server.workers has them.
STOP_SECONDS, ANSWER_SECONDS = 5, 5
BOTH = pytest.mark.parametrize("server", ["0", "1"], indirect=True, ids=["direct", "behind_proxy"])
# To the server alone, as a person does, and to all of its processes, as systemd does.
EITHER_WAY = pytest.mark.parametrize(
    ("server", "stop"),
    [("0", os.kill), ("1", os.killpg)],
    indirect=["server"],
    ids=["direct", "behind_proxy"],
)


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait until something holds, and return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"not within {seconds} seconds"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A server that may be killed: what is left of it at the end is ended."""
    running = Installation(tmp_path / "gatehouse", ADMIN | {"BEHIND_PROXY": getattr(request, "param", "0")})
    running.start()
    until(lambda: listening_on(running.port) == len(workers_of(running.pid)) == 2, 10)
    yield running
    running.kill()


@pytest.fixture
def wire(server: Installation) -> Wire:
    return Wire(server.port)


@pytest.mark.spec("S-61", "ASVS 16.5.3")
def test_a_worker_that_dies_is_replaced(server: Installation, wire: Wire) -> None:
    first, second = workers_of(server.pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_running(first), 1)
    began = time.monotonic()
    while len(set(workers_of(server.pid)) - {first}) < 2:
        assert time.monotonic() < began + 3
        assert wire.ask(f"GET {ME}").status == 401
    assert second in workers_of(server.pid)
    answers_everybody(wire)


@pytest.mark.spec("S-61", "ASVS 16.5.3")
def test_a_worker_that_dies_again_and_again_is_replaced(server: Installation, wire: Wire) -> None:
    steady, _ = workers_of(server.pid)
    for _ in range(5):
        until(lambda: len(workers_of(server.pid)) == 2, 3)
        for worker in workers_of(server.pid):
            if worker != steady:
                os.kill(worker, signal.SIGKILL)
                until(lambda dead=worker: not is_running(dead), 1)  # type: ignore[misc]
        answers_everybody(wire)
    until(lambda: len(workers_of(server.pid)) == 2, 3)
    server.stop()


@pytest.mark.spec("O-31", "operation")
def test_a_process_for_housekeeping_that_dies_is_replaced_and_none_outlives_its_server(
    server: Installation, wire: Wire
) -> None:
    def replaced_by() -> int | None:
        found = housekeeper_of(server.pid)
        return found if found != first else None

    first, workers = housekeeper_of(server.pid), workers_of(server.pid)
    assert first
    os.kill(first, signal.SIGKILL)
    until(lambda: replaced_by() is not None, 5)
    second, process = replaced_by(), server.process
    assert second
    assert workers_of(server.pid) == workers
    process.kill()
    process.wait()
    until(lambda: not any(map(is_running, [second, *workers])), 10)
    server.start()
    answers_everybody(wire)


@pytest.mark.spec("O-35", "operation")
def test_without_housekeeping_there_is_no_process_for_it(tmp_path: Path) -> None:
    with Installation(tmp_path / "gatehouse", ADMIN | {"HOUSEKEEPING": "0"}) as running:
        until(lambda: len(workers_of(running.pid)) == 2, 10)
        assert housekeeper_of(running.pid) is None


@pytest.mark.spec("S-62", "ASVS 16.5.3")
@BOTH
def test_no_worker_outlives_its_server(server: Installation, wire: Wire) -> None:
    process, workers = server.process, workers_of(server.pid)
    half = post(wire, TOKEN, "Content-Length: 100") + b"grant"
    with wire.standing(40, half), wire.standing(40, b"GET / HTTP/1.1\r\n"):
        time.sleep(0.2)
        process.kill()
        process.wait()
        until(lambda: not any(map(is_running, workers)), 10)
    server.start()
    answers_everybody(wire)


@contextlib.contextmanager
def locked(server: Installation) -> Iterator[None]:
    """Keep everybody from writing into the database."""
    with contextlib.closing(sqlite3.connect(server.folder / "var" / "gatehouse.sqlite3")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


def end_of(process: "subprocess.Popen[bytes]") -> int:
    return process.wait(timeout=STOP_SECONDS + 2)


@pytest.mark.spec("S-63", "RFC 9110 §15.6; RFC 9112 §9.6")
@EITHER_WAY
def test_who_is_asking_is_answered_before_the_end(server: Installation, wire: Wire, stop: Stop) -> None:
    process, workers = server.process, workers_of(server.pid)
    bad = post(wire, TOKEN, body=REFRESH)
    with wire.standing(6, bad) as held:
        with locked(server):
            time.sleep(0.3)
            began = time.monotonic()
            stop(server.pid, signal.SIGTERM)
            time.sleep(1)
            assert process.poll() is None
        heard = [listen(connection) for connection in held]
    assert {(one.status, one.closed) for one in heard} == {(401, True)}
    assert end_of(process) == 0
    assert time.monotonic() - began < STOP_SECONDS + 1
    assert not any(map(is_running, workers))


@pytest.mark.spec("S-63", "RFC 9112 §9.6")
@EITHER_WAY
def test_nobody_holds_up_the_end(server: Installation, wire: Wire, stop: Stop) -> None:
    process, workers = server.process, workers_of(server.pid)
    half = post(wire, TOKEN, "Content-Length: 100") + b"grant"
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(server))
        for data in (half, b"GET", b"", post(wire, TOKEN, body=REFRESH)):
            stack.enter_context(wire.standing(5, data))
        time.sleep(0.3)
        stop(server.pid, signal.SIGTERM)
        assert end_of(process) == 0
    assert not any(map(is_running, workers))
    server.start()
    answers_everybody(wire)


@pytest.mark.spec("S-63", "RFC 9112 §9.6")
@pytest.mark.parametrize(("stop", "delay"), [(os.kill, 0.0), (os.killpg, 0.3)])
def test_a_server_stops_while_a_worker_starts(server: Installation, stop: Stop, delay: float) -> None:
    process, worker = server.process, workers_of(server.pid)[0]
    os.kill(worker, signal.SIGKILL)
    time.sleep(delay)
    stop(server.pid, signal.SIGTERM)
    assert end_of(process) == 0


@pytest.mark.spec("S-64", "ASVS 16.2.1, 16.2.5")
@pytest.mark.parametrize("mode", ["0", "1"], ids=["direct", "behind_proxy"])
def test_every_request_has_one_line_of_the_log(tmp_path: Path, mode: str) -> None:
    environment = ADMIN | {"BEHIND_PROXY": mode, "CLIENT_SECONDS": "1"}
    with Installation(tmp_path / "gatehouse", environment) as server:
        wire = Wire(server.port)
        secret = "gtacc_not-for-the-log"
        sent = {
            f'"GET {ME}/1 HTTP/1.1" 404': wire.request(
                f"GET {ME}/1?sessionID={secret}", f"sessionID: {secret}"
            ),
            f'"POST {TOKEN} HTTP/1.1" 408': post(wire, f"{TOKEN}?a={secret}", "Content-Length: 90")
            + secret.encode(),
            f'"POST {SIGN_IN} HTTP/1.1" 413': post(wire, f"{SIGN_IN}?a={secret}", "Content-Length: 3000000"),
            f'"POST {TOKEN} HTTP/1.1" 413': post(wire, TOKEN, CHUNKED)
            + b"11000\r\n"
            + b"x" * 0x11000
            + b"\r\n",
            '"GET /static/no HTTP/1.1" 404': wire.request(f"GET /static/no?a={secret}"),
            f'"POST {TOKEN} HTTP/1.1" 401': post(
                wire, TOKEN, body=REFRESH + b"&client_secret=" + secret.encode()
            ),
        }
        with ThreadPoolExecutor(len(sent)) as pool:
            list(pool.map(lambda data: wire.send(data, seconds=2), sent.values()))
        left = wire.send(post(wire, TOKEN, "Content-Length: 90") + b"x", half_close=True)
        assert left.status == 400

        def found() -> list[str]:
            lines = server.log_text().splitlines()
            return [line for line in lines if "HTTP/1.1" in line and '"GET / ' not in line]

        until(lambda: len(found()) > len(sent), 5)  # they are written after the answers
        assert len(found()) == len(sent) + 1
        for beginning in [*sent, f'"POST {TOKEN} HTTP/1.1" 400']:
            assert len([line for line in found() if beginning in line]) == 1, beginning
        assert secret not in server.log_text()


@pytest.mark.spec("S-65", "RFC 9110 §15.6.4")
def test_the_time_a_body_takes_is_not_taken_from_its_answer(tmp_path: Path) -> None:
    """Who has sent slowly may wait for the database as long as others do."""
    with Installation(tmp_path / "gatehouse", ADMIN | {"WORKERS": "1"}) as server:
        wire = Wire(server.port)
        with wire.standing(
            1, post(wire, TOKEN, "Connection: close", f"Content-Length: {len(REFRESH)}")
        ) as slow:
            time.sleep(ANSWER_SECONDS + 0.5)
            with locked(server), wire.standing(1, post(wire, TOKEN, body=REFRESH)):
                time.sleep(0.2)
                slow[0].sendall(REFRESH)
                time.sleep(1)
            assert listen(slow[0]).status == 401
