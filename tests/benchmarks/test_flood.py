"""The flood: requests that are refused as they should be, at the rate asked for, and the line that judges."""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client

from benchmarks.faults.driving import Outcome
from benchmarks.flood.sending import ADDRESSES, UNANSWERED, Order, Sender, requests_by_address
from benchmarks.flood.table import HEADER, Recorded, Run
from benchmarks.refusals import KINDS
from benchmarks.seeds import make_clients

CLIENT = {"client_id": "a" * 32, "client_secret": "gtsec_secret"}
RATE = 200


@pytest.fixture
def addresses() -> Counter[str]:
    """Who has sent requests to the server."""
    return Counter()


@pytest.fixture
def port(addresses: Counter[str]) -> Iterator[int]:
    """A server that refuses everything, and closes every hundredth connection instead."""

    class Refusing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def refuse(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            addresses[self.headers["X-Forwarded-For"]] += 1
            if addresses.total() % 100 == 0:
                self.close_connection = True
                return
            self.send_response(HTTPStatus.UNAUTHORIZED)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no")

        do_GET = do_POST = refuse  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.django_db
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_refused_with_its_status(name: str) -> None:
    web = make_clients().web
    kind = KINDS[name]
    client = {"client_id": web.application.client_id, "client_secret": web.client_secret}
    head, _, body = kind.make(client, 7, {"X-Forwarded-For": "198.51.100.7"}).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    answer = Client().generic(method, path, body, headers.pop("Content-Type", ""), headers=headers)
    assert answer.status_code == kind.statuses[0]


def test_requests_are_of_every_kind_and_every_address_has_its_own() -> None:
    by_address = list(requests_by_address(CLIENT))
    all_requests = [request for requests in by_address for request in requests]
    assert len(by_address) == ADDRESSES
    assert len(set(all_requests)) == len(all_requests)
    for requests in by_address:
        assert len({re.findall(rb"X-Forwarded-For: (\S+)", request)[0] for request in requests}) == 1
        assert len(requests) % len(KINDS) == 0


def test_the_flood_has_the_rate_that_was_asked_for_and_survives_closed_connections(
    port: int, addresses: Counter[str]
) -> None:
    statuses = Sender(Order(port=port, client=CLIENT, rate=RATE, seconds=2)).run()
    assert statuses.total() == addresses.total()
    assert 0.5 * 2 * RATE < statuses.total() <= 2 * RATE + 1
    assert statuses[UNANSWERED] == statuses.total() // 100
    assert len(addresses) == ADDRESSES


def test_an_order_can_be_read_again() -> None:
    order = Order(port=8000, client=CLIENT, rate=RATE, seconds=2)
    assert Order(**json.loads(order.text)) == order


def outcomes(milliseconds: float, status: int = 200) -> list[Outcome]:
    """Requests that all waited as long."""
    return [Outcome(due=0, seconds=milliseconds / 1000, status=status, gives=False)] * 100


GOOD = Run(
    asked=2000,
    seconds=30,
    statuses=Counter({401: 45_000, 400: 15_000, UNANSWERED: 0}),
    without=outcomes(5),
    during=outcomes(9),
    lost=0,
    recorded=Recorded(counted=60_000, written=700, changed=200),
)


def test_the_line_says_what_was_reached() -> None:
    assert GOOD.is_right
    assert (
        GOOD.line
        == "| 2000 | 2000 | 60000 | 60000 | 700 | 200 | 3 | 5.0 | 9.0 | 5.0 | 9.0 | 1.80 | 0 | yes |"
    )
    assert GOOD.line.count("|") == HEADER.count("|")


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(replace(GOOD, during=outcomes(11)), id="good requests wait more than twice as long"),
        pytest.param(replace(GOOD, recorded=replace(GOOD.recorded, counted=59_999)), id="one is not counted"),
        pytest.param(replace(GOOD, recorded=replace(GOOD.recorded, written=5000)), id="too many rows"),
        pytest.param(replace(GOOD, statuses=GOOD.statuses + Counter({503: 1})), id="a fault"),
        pytest.param(replace(GOOD, statuses=GOOD.statuses + Counter({UNANSWERED: 1})), id="no answer"),
        pytest.param(replace(GOOD, during=[*outcomes(9), *outcomes(9, 503)]), id="a fault of a good request"),
        pytest.param(replace(GOOD, lost=1), id="a good request is refused"),
    ],
)
def test_the_line_says_no_where_something_is_wrong(run: Run) -> None:
    assert not run.is_right
    assert run.line.endswith("| no |")
