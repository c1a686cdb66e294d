"""Rounds, medians and the tables they are printed in."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks.items import Items
from benchmarks.processes import cpu_seconds, memory_mib
from benchmarks.seeds import Seeds, add_living_tokens, expire_access_tokens, make_seeds
from benchmarks.server import Server
from tests.infrastructure.postgres import PostgresServer

# Access tokens that are long over when `prune` is measured.
EXPIRED = 100_000
HEADER = "| {:<22} | req/s | p50 ms | p99 ms | CPU ms a request: server | database |"


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round of one item.

    Attributes:
        rate: requests a second.
        p50: the median wait, in milliseconds.
        p99: the wait that one in a hundred exceeds, in milliseconds.
        server: processor time of the server a request, in milliseconds.
        database: processor time of the database a request, in milliseconds.
    """

    rate: float
    p50: float
    p99: float
    server: float
    database: float


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The running parts: who asks, who answers, where it is stored."""

    items: Items
    server: Server
    database: PostgresServer
    seconds: float
    rounds: int

    def measure(self, item: str, label: str = "") -> Round:
        """Measure one kind of request, print its line and return the medians."""
        self.items.run(item, self.server.port, 1)
        rounds = [self.round(item) for _ in range(self.rounds)]
        median = Round(
            **{
                name: statistics.median(getattr(one, name) for one in rounds)
                for name in Round.__annotations__
            }
        )
        say(
            f"| {label or item:<22} | {median.rate:5.0f} | {median.p50:6.2f} | {median.p99:6.2f} "
            f"| {median.server:24.3f} | {median.database:8.3f} |"
        )
        return median

    def round(self, item: str) -> Round:
        """Send requests for a while and return what they cost."""
        before = cpu_seconds(self.server.process.pid), cpu_seconds(self.database.process.pid)
        result = self.items.run(item, self.server.port, self.seconds)
        after = cpu_seconds(self.server.process.pid), cpu_seconds(self.database.process.pid)
        if result.unwanted:
            raise SystemExit(f"{item}: not all were answered as they should be: {result.unwanted}")
        server, database = (1000 * (b - a) / result.requests for a, b in zip(before, after, strict=True))
        return Round(
            rate=result.requests / result.seconds,
            p50=result.percentile(50),
            p99=result.percentile(99),
            server=server,
            database=database,
        )


def measure_all(asked: argparse.Namespace, database: PostgresServer, many: int) -> None:
    """Print every table that was asked for."""
    seeds = make_seeds(asked.once, asked.once)
    add_living_tokens(seeds, 1, asked.tokens)
    with Server(asked.port) as server:
        bench = Bench(
            items=Items(seeds), server=server, database=database, seconds=asked.seconds, rounds=asked.rounds
        )
        say(f"First answer after {server.first_answer_seconds:.2f} s, ", end="")
        say(f"{memory_mib(server.process.pid):.0f} MiB with {asked.tokens} living tokens.\n")
        say(HEADER.format("request"))
        say("|---|---|---|---|---|---|")
        few = {item: bench.measure(item) for item in asked.items or bench.items.all}
        if asked.large:
            measure_large(bench, seeds, few["refresh"], asked.tokens, many)


def measure_large(bench: Bench, seeds: Seeds, few: Round, tokens: int, many: int) -> None:
    """Add tokens up to so many, and say what a refresh costs then, and while `prune` runs."""
    add_living_tokens(seeds, tokens + 1, many)
    full = bench.measure("refresh", f"refresh, {many:_} tokens")
    ratio = (full.server + full.database) / (few.server + few.database)
    say(f"\nA refresh with {many} living tokens costs {ratio:.2f} times the CPU of one with {tokens}.")
    expire_access_tokens(many // 2, many // 2 + EXPIRED)
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "manage.py", "prune", "--json"], stdout=subprocess.PIPE) as prune:
        bench.measure("refresh", "refresh during prune")
        busy = "was still running" if prune.poll() is None else "was done"
        removed = json.loads(prune.communicate()[0])
    took = time.monotonic() - began
    say(f"\nprune {busy} after the measurement; {took:.0f} s in all. It removed {removed}.")


def say(text: str, end: str = "\n") -> None:
    """Print at once."""
    sys.stdout.write(text + end)
    sys.stdout.flush()
