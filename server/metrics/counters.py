"""A worker's counters: how requests ended and how long they took, tokens, replays, and its permits."""

import os
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram, values

from oauthapps.http.messages import Endpoint, Refusal
from server.metrics import labels
from server.metrics.files import VARIABLE
from server.outcomes import outcome_of

# Seconds: what a look-up takes, a consent page, a second database round trip, and what nobody should wait.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

# A request that was answered: what is at its URL (None for browser requests), the path of its URL, the HTTP
# status, and the seconds from when it was complete.
Answered = tuple[Endpoint | None, str, int, float]
# A request that waited for the database: what is at its URL, the path, and for how many seconds.
Waited = tuple[Endpoint | None, str, float]
# A request that counts by more than its time: the grant that it asked for, if any, and why it was refused.
Decided = tuple[str | None, Refusal | None]


class Counters:
    """Counters in files that all workers' numbers are added up from; one thread at a time may use them.

    Args:
        folder: where the files are.
        number: the worker's.
    """

    def __init__(self, folder: Path, number: int) -> None:
        os.environ[VARIABLE] = str(folder)
        values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
        self.names = labels.endpoint_names()
        self.static_url = settings.STATIC_URL
        self.make_counters()
        self.make_gauges()

    def make_counters(self) -> None:
        """Make what only grows; what is rare begins at 0, so that its first time shows as a change."""
        self.requests = Histogram(
            "gatehouse_request_duration_seconds",
            "Time from a complete request to its answer, by endpoint and outcome.",
            ["endpoint", "outcome"],
            registry=None,
            buckets=BUCKETS,
        )
        database = counter("database_seconds", "Time that requests waited for the database.", "endpoint")
        issued = counter("tokens_issued", "Token requests that were granted.", "grant")
        replays = counter("replays", "What was presented after it was used up or replaced.", "credential")
        names = [*self.names.values(), labels.PAGE, labels.AUTHORIZE, labels.STATIC, labels.OTHER]
        self.add_seconds: dict[str, Callable[[float], None]] = {
            name: database.labels(name).inc for name in names
        }
        self.add_issued = {name: issued.labels(name).inc for name in (*labels.GRANTS.values(), labels.OTHER)}
        self.add_replay = {name: replays.labels(name).inc for name in labels.REPLAYS}
        self.refused = counter("tokens_refused", "Token requests that were refused.", "grant", "error")
        counter("worker_starts", "Workers that were started, replaced ones included.").inc()

    def make_gauges(self) -> None:
        """Make what is so now; a worker that died may have left its own."""
        self.permits = gauge("permits", "Requests that can use the database at once.")
        self.permits_in_use = gauge("permits_in_use", "Requests that use the database now.")
        self.waiting = gauge("requests_waiting", "Requests that wait for a permit to use the database.")
        self.sample(permits=0, in_use=0, waiting=0)

    def add_answers(self, answered: Iterable[Answered]) -> None:
        """Add requests to those of their endpoint and outcome."""
        times: dict[tuple[str, int], list[float]] = {}
        for endpoint, path, status, seconds in answered:
            times.setdefault((self.name_of(endpoint, path), status), []).append(seconds)
        for (name, status), each in times.items():
            observe_all(self.requests.labels(name, outcome_of(status)), each)

    def add_waits(self, waited: Iterable[Waited]) -> None:
        """Add up how long requests waited for the database."""
        sums: dict[str, float] = {}
        for endpoint, path, seconds in waited:
            name = self.name_of(endpoint, path)
            sums[name] = sums.get(name, 0.0) + seconds
        for name, seconds in sums.items():
            self.add_seconds[name](seconds)

    def add_decisions(self, decided: Iterable[Decided]) -> None:
        """Add tokens that were issued and refused, and replays."""
        for grant_type, refusal in decided:
            if grant_type is not None:
                grant = labels.grant_of(grant_type)
                if refusal is None:
                    self.add_issued[grant](1)
                else:
                    self.refused.labels(grant, labels.error_of(refusal.error)).inc()
            if refusal is not None and refusal.replay:
                self.add_replay[refusal.replay](1)

    def name_of(self, endpoint: Endpoint | None, path: str) -> str:
        """Return how a request's endpoint is called; OTHER where there is none at its URL."""
        if endpoint is not None:
            return self.names.get(endpoint, labels.OTHER)
        if path.startswith(labels.AUTHORIZE_PATH):
            return labels.AUTHORIZE
        return labels.STATIC if path.startswith(self.static_url) else labels.PAGE

    def sample(self, *, permits: int, in_use: int, waiting: int) -> None:
        """Set how many permits there are, how many are in use, and how many requests wait for one."""
        self.permits.set(permits)
        self.permits_in_use.set(in_use)
        self.waiting.set(waiting)


def observe_all(histogram: Any, times: list[float]) -> None:
    """Do what `observe` does for each of some seconds, with one write a bucket."""
    histogram._sum.inc(sum(times))
    for index, number in Tally(bisect_left(BUCKETS, seconds) for seconds in times).items():
        histogram._buckets[index].inc(number)


def counter(name: str, documentation: str, *names: str) -> Counter:
    """Return a new counter with labels of these names."""
    return Counter(f"gatehouse_{name}", documentation, names, registry=None)


def gauge(name: str, documentation: str) -> Gauge:
    """Return a new gauge; those of all workers are added up."""
    return Gauge(f"gatehouse_{name}", documentation, registry=None, multiprocess_mode="sum")
