"""What stands while something fails: a database, who serves, and who asks."""

import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.faults.clients import MIX, OK, Answer, Client, introspection
from benchmarks.faults.driving import UNAVAILABLE, Driver, Flight
from benchmarks.faults.ledger import Ledger, Stock
from benchmarks.faults.serving import Supervised
from benchmarks.messages import post
from tests.infrastructure.postgres import PostgresServer
from tests.infrastructure.small_disk import SmallDisk
from tests.oauth_client import JWT_EXCHANGE, TOKEN

RATE, CLIENTS = 300, 1000
AT_ONCE = 4
# So many of what was used up are sent again at the end.
REPEATED = 300

FORKED = """
SELECT count(*) FROM (
    SELECT family_id FROM oauthapps_refreshtoken GROUP BY family_id
    HAVING count(*) FILTER (WHERE replaced_at IS NULL) > 1) AS forked
"""


@dataclass(kw_only=True)
class Scene:
    """What stands while something fails.

    Attributes:
        seeds: what clients must know.
        stock: codes and refresh tokens that nobody has used.
        servers: who serves.
        port: where clients ask.
        postgres: the database, if it is PostgreSQL.
        file: the database, if it is SQLite.
        disk: where the database is, if it is to be full.
        ledger: what clients were given.
        began, ended: when the fault did, by the clock of `time.monotonic`.
    """

    seeds: dict[str, str]
    stock: Stock
    servers: list[Supervised]
    port: int
    postgres: PostgresServer | None = None
    file: Path | None = None
    disk: SmallDisk | None = None
    ledger: Ledger = field(default_factory=Ledger)
    began: float = 0.0
    ended: float = 0.0

    def clients(self) -> list[Client]:
        """Return the population, mixed."""
        kinds = [kind for kind, number in MIX.items() for _ in range(number * CLIENTS // 1000)]
        # Neighbors in time are of different kinds.
        return [kinds[n * 617 % len(kinds)](self.seeds, self.ledger, self.stock) for n in range(len(kinds))]

    def play(self, fault: Callable[["Scene"], None], before: float, after: float) -> Driver:
        """Let clients ask for some seconds, let something fail, and let them ask for some more."""
        driver = Driver(self.port, self.clients(), self.ledger, RATE)
        driver.start()
        time.sleep(before)
        self.began = time.monotonic()
        fault(self)
        self.ended = time.monotonic()
        time.sleep(after)
        driver.stop()
        return driver

    def settle(self) -> None:
        """Hold the ledger against the server and its database."""
        ledger = self.ledger
        machine = {"client_id": self.seeds["machine_id"], "client_secret": self.seeds["machine_secret"]}
        for answer in self.ask(introspection(self.seeds, token) for token in ledger.living()):
            if answer.status != OK or not answer.json["active"]:
                ledger.lose("an access token, at the end")
        for answer in self.ask(map(self.refresh, list(ledger.refresh_tokens.values()))):
            if answer.status != OK:
                ledger.lose(f"a refresh token, at the end: {answer.error}")
        again = {
            "an assertion": [
                post(JWT_EXCHANGE, {"jwt_token": one} | machine) for one in ledger.assertions[-REPEATED:]
            ],
            "a code": [self.exchange(one) for one in ledger.codes[-REPEATED:]],
            "a refresh token": [self.refresh(one) for one in ledger.replaced[-REPEATED:]],
        }
        for what, requests in again.items():
            ledger.twice[what] += sum(answer.status == OK for answer in self.ask(requests))
        ledger.twice["a refresh token, in the database"] += self.count(FORKED)

    def refresh(self, token: str) -> bytes:
        """Return a refresh."""
        return self.post({"grant_type": "refresh_token", "refresh_token": token})

    def exchange(self, code: str) -> bytes:
        """Return the exchange of a code."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": self.seeds["verifier"]}
        return self.post(form | {"redirect_uri": self.seeds["redirect_uri"]})

    def post(self, form: dict[str, str]) -> bytes:
        """Return a token request of the web application."""
        return post(
            TOKEN, form | {"client_id": self.seeds["web_id"], "client_secret": self.seeds["web_secret"]}
        )

    def ask(self, requests: Iterable[bytes]) -> Iterator[Answer]:
        """Send requests on a few connections and return their answers."""
        waiting = list(requests)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for answers in pool.map(self.ask_in_turn, [waiting[n::AT_ONCE] for n in range(AT_ONCE)]):
                yield from answers

    def ask_in_turn(self, requests: list[bytes]) -> list[Answer]:
        """Send requests on one connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            return [self.answer(line, request) for request in requests]

    def answer(self, line: socket.socket, request: bytes) -> Answer:
        """Send a request, again while the server says so, and return its answer."""
        deadline = time.monotonic() + 30
        while True:
            flight = Flight(request, line)
            while (answer := flight.go_on()) is None:
                pass
            if answer.status != UNAVAILABLE or time.monotonic() > deadline:
                return answer
            time.sleep(answer.retry_after)

    def count(self, statement: str) -> int:
        """Ask the database itself for a number."""
        if self.file is not None:
            with closing(sqlite3.connect(self.file)) as database:
                return int(database.execute(statement).fetchone()[0])
        assert self.postgres is not None  # noqa: S101  # the kind that runs has one
        with psycopg.connect(self.postgres.url) as other:
            row = other.execute(statement.encode()).fetchone()
        return int(row[0]) if row else 0
