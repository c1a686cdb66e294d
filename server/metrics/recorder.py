"""What a worker counts: how requests ended and how long they took, tokens, replays, and its permits.

Counting comes after the answer has been sent, and takes a few microseconds a request.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from prometheus_client import Counter, Gauge, Histogram, values

from oauthapps.http.messages import ApiResponse, Endpoint
from oauthapps.sql.execution import spent, timed
from server.metrics import labels
from server.metrics.files import VARIABLE
from server.outcomes import outcome_of

# Seconds: what a look-up takes, a consent page, a second database round trip, and what nobody should wait.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

Add = Callable[[float], None]

log = logging.getLogger("gatehouse.server")


class Recorder:
    """Counts what a worker does, in files that all workers' numbers are added up from.

    Args:
        folder: where the files are.
        number: the worker's.
    """

    def __init__(self, folder: Path, number: int) -> None:
        os.environ[VARIABLE] = str(folder)
        values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
        self.names = labels.endpoint_names()
        self.static_url = settings.STATIC_URL
        self.add_request: dict[tuple[str, int], Add] = {}
        self.make_counters()
        self.make_gauges()
        connection_created.connect(time_statements)

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
        self.add_seconds = {name: database.labels(name).inc for name in names}
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

    def count_request(self, endpoint: Endpoint | None, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Args:
            endpoint: what is at its URL; None for browser requests.
            path: of its URL.
            status: the HTTP status, in numbers.
            seconds: from when it was complete.
        """
        key = self.name_of(endpoint, path), status
        add = self.add_request.get(key) or self.first_request(key)
        add(seconds)

    def first_request(self, key: tuple[str, int]) -> Add:
        """Return what counts requests of an endpoint that are answered with a status, and keep it."""
        name, status = key
        add: Add = self.requests.labels(name, outcome_of(status)).observe
        self.add_request[key] = add
        return add

    def count_work(self, endpoint: Endpoint | None, path: str, answer: ApiResponse | None) -> None:
        """Count what this thread has done for a request: tokens, replays, time of the database.

        Args:
            endpoint: what is at its URL; None for browser requests.
            path: of its URL.
            answer: the endpoint's; None for browser requests.
        """
        if spent.seconds:
            self.add_seconds[self.name_of(endpoint, path)](spent.seconds)
            spent.seconds = 0.0
        if answer is None:
            return
        refusal = answer.refusal
        if answer.grant_type is not None:
            grant = labels.grant_of(answer.grant_type)
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


def begin(folder: Path | None, number: int) -> Recorder | None:
    """Return what a worker counts with; None where it is not to count, or cannot: it serves all the same.

    Args:
        folder: where the files are, if there are any.
        number: the worker's.
    """
    if folder is None:
        return None
    try:
        return Recorder(folder, number)
    except Exception:
        log.exception("This worker counts nothing")
        return None


def time_statements(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Have a connection's statements timed; those that are prepared are in any case."""
    if timed not in connection.execute_wrappers:
        connection.execute_wrappers.append(timed)


def counter(name: str, documentation: str, *names: str) -> Counter:
    """Return a new counter with labels of these names."""
    return Counter(f"gatehouse_{name}", documentation, names, registry=None)


def gauge(name: str, documentation: str) -> Gauge:
    """Return a new gauge; those of all workers are added up."""
    return Gauge(f"gatehouse_{name}", documentation, registry=None, multiprocess_mode="sum")
