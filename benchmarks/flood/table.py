"""How long good requests wait while thousands are refused, and what is written of those."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.faults.clients import Caller, Checker, Client, Refresher
from benchmarks.faults.driving import FAULTS, Driver, Outcome
from benchmarks.faults.ledger import Stock
from benchmarks.faults.scene import Scene
from benchmarks.faults.serving import Supervised, seed
from benchmarks.flood.sending import UNANSWERED, Order
from benchmarks.server import ROOT
from tests.infrastructure.postgres import PostgresServer
from tests.infrastructure.processes import dying_with_parent

# PostgreSQL keeps every promise about durability, as it comes.
SETTINGS: dict[str, str] = {}
# Who asks in turn, once a second each.
MIX: tuple[Callable[..., Client], ...] = (Refresher, Checker, Caller)
# Seconds until connections stand and statements are prepared.
WARM_SECONDS = 2
# Access tokens that are introspected and sent until refreshes bring more.
TOKENS = 20
MOST_ROWS, MOST_TIMES_SLOWER = 5000, 2
HEADER = (
    "| refusals/s: asked for | reached | refused | counted | rows written | rows changed | good requests/s "
    "| p50 ms without | with | p99 ms without | with | times | 5xx or lost | as it should be |"
)
COUNTED = "SELECT coalesce(sum(times), 0) FROM oauthapps_recordedrequest WHERE is_refused"
# What was deleted again counts too; a server that has ended has told PostgreSQL everything.
WRITTEN = "SELECT n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'oauthapps_recordedrequest'"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the database says after the server has ended.

    Attributes:
        counted: refused requests that rows stand for.
        written: rows that were added to the table of recorded requests.
        changed: how often one of them was changed.
    """

    counted: int
    written: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, from which its line is made.

    Attributes:
        asked: refused requests a second that were asked for.
        seconds: how long they were sent.
        statuses: how many of their answers had which status.
        without, during: what became of good requests before the flood, and while it lasted.
        lost: good requests that were refused.
        recorded: what the server wrote down.
    """

    asked: float
    seconds: float
    statuses: Counter[int]
    without: list[Outcome]
    during: list[Outcome]
    lost: int
    recorded: Recorded

    @property
    def refused(self) -> int:
        """How many were refused, with an answer."""
        return sum(number for status, number in self.statuses.items() if UNANSWERED < status < FAULTS)

    @property
    def wrong(self) -> int:
        """How many got a fault, no answer, or a refusal that they should not get."""
        flood = self.statuses.total() - self.refused
        return flood + self.lost + sum(not 0 < one.status < FAULTS for one in [*self.without, *self.during])

    @property
    def slower(self) -> float:
        """How many times longer one in a hundred good requests waits, at the least, with the flood."""
        return percentile(self.during, 99) / percentile(self.without, 99)

    @property
    def is_right(self) -> bool:
        """Whether it was counted, filled no table and slowed nobody down, at whatever rate was reached."""
        return (
            not self.wrong
            and self.recorded.counted == self.refused
            and self.recorded.written < MOST_ROWS
            and self.slower < MOST_TIMES_SLOWER
        )

    @property
    def line(self) -> str:
        """Its line of the table."""
        p50s = percentile(self.without, 50), percentile(self.during, 50)
        p99s = percentile(self.without, 99), percentile(self.during, 99)
        cells = [
            f"{self.asked:.0f}",
            f"{self.refused / self.seconds:.0f}",
            f"{self.refused}",
            f"{self.recorded.counted}",
            f"{self.recorded.written}",
            f"{self.recorded.changed}",
            f"{len(self.during) / self.seconds:.0f}",
            *(f"{wait:.1f}" for wait in (*p50s, *p99s)),
            f"{self.slower:.2f}",
            f"{self.wrong}",
            "yes" if self.is_right else "no",
        ]
        return f"| {' | '.join(cells)} |"


def run(asked: argparse.Namespace) -> None:
    """Let good clients ask without and with a flood, and print the line."""
    with PostgresServer(SETTINGS) as postgres:
        seeds = seed(postgres.url)
        done = flooded(asked, postgres, seeds)
    print(HEADER)
    print("|---" * (HEADER.count("|") - 1) + "|")
    print(done.line, flush=True)
    print(f"  answers to the flood: {dict(done.statuses)}", file=sys.stderr)
    sys.exit(0 if done.is_right else 1)


def flooded(asked: argparse.Namespace, postgres: PostgresServer, seeds: dict[str, str]) -> Run:
    """Serve, flood, stop, and return what happened."""
    stock = Stock()
    with Supervised(postgres.url, more={"BEHIND_PROXY": "1", "HOUSEKEEPING": "0"}) as server:
        scene = Scene(seeds=seeds, stock=stock, servers=[server], port=server.port, postgres=postgres)
        hand_out_tokens(scene)
        clients = [MIX[n % len(MIX)](seeds, scene.ledger, stock) for n in range(asked.good)]
        driver = Driver(server.port, clients, scene.ledger, asked.good)
        driver.start()
        time.sleep(WARM_SECONDS)
        quiet = time.monotonic()
        time.sleep(asked.before)
        client = {"client_id": seeds["web_id"], "client_secret": seeds["web_secret"]}
        order = Order(port=server.port, client=client, rate=asked.refusals, seconds=asked.seconds)
        flood = sent(order)
        driver.stop()
    return Run(
        asked=asked.refusals,
        seconds=asked.seconds,
        statuses=Counter({int(status): number for status, number in flood["statuses"].items()}),
        without=between(driver.outcomes, quiet, quiet + asked.before),
        during=between(driver.outcomes, flood["began"], flood["began"] + asked.seconds),
        lost=scene.ledger.lost.total(),
        recorded=recorded(postgres.url),
    )


def hand_out_tokens(scene: Scene) -> None:
    """Let good clients have access tokens from the beginning: without one they would be refused."""
    unused = [scene.refresh(next(scene.stock.refresh_tokens)) for _ in range(TOKENS)]
    for answer in scene.ask(unused):
        scene.ledger.receive(answer.json)


def sent(order: Order) -> dict[str, Any]:
    """Send the flood from a process of its own; return when it began, and the statuses of its answers."""
    command = [*dying_with_parent("KILL"), sys.executable, "-m", "benchmarks.flood.sending"]
    done = subprocess.run(command, cwd=ROOT, check=True, input=order.text, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def recorded(url: str) -> Recorded:
    """Ask the database what was written down."""
    with psycopg.connect(url) as database:
        counted = database.execute(COUNTED).fetchone() or (0,)
        written = database.execute(WRITTEN).fetchone() or (0, 0)
    return Recorded(counted=int(counted[0]), written=written[0], changed=written[1])


def between(outcomes: list[Outcome], since: float, until: float) -> list[Outcome]:
    """Return what became of the requests that were meant to be sent in a time."""
    return [one for one in outcomes if since <= one.due < until]


def percentile(outcomes: list[Outcome], number: int) -> float:
    """Return so many hundredths' longest wait, in milliseconds."""
    return 1000 * statistics.quantiles([one.seconds for one in outcomes], n=100)[number - 1]
