"""What receives requests, in threads of granian's."""

import contextlib
import logging
import threading
import time
from collections import deque
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse

from oauthapps.http.messages import MAX_BODY_BYTES
from server.dispatcher import Application, endpoint_at
from server.journal.thread import JournalThread
from server.metrics.recorder import Recorder
from server.request_ids import end
from server.workers.bodies import MOST_OF_ALL, Bodies
from server.workers.environ import Environ, environ_of
from server.workers.exchange import AccessLog, Exchange
from server.workers.line import Precedence
from server.workers.permits import Permits, hold_nothing

# Threads that may wait for something else than the database: a body, or a mail server.
SPARE_THREADS = 32
# Seconds after which a request that is worked on may hold others up.
LONG_SECONDS = 0.1
# Seconds that requests may take which are worked on when the worker is to stop.
LAST_SECONDS = 2.0
# Methods that read (RFC 9110 section 9.2.1); what comes with them means nothing.
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


log = logging.getLogger("gatehouse.server")


class Reserve:
    """Threads of granian's that are not needed now.

    granian wakes a thread for every request, and makes another one when none is idle. While all permits are
    taken that thread could only put the request down, and waking it costs a twentieth of what it takes to
    answer. So it is kept here, until something takes long; but never with a request whose body is left
    unread, because granian would keep its connection as long.
    """

    def __init__(self) -> None:
        self.parked: deque[Any] = deque()
        self.is_open = True

    def keep(self) -> None:
        """Keep the thread that calls until it is needed."""
        lock = threading.Lock()
        lock.acquire()
        self.parked.append(lock)
        if not self.is_open:  # asked last, or this one would be forgotten
            self.let_go()
        lock.acquire()

    def let_go(self) -> None:
        """Give back all that are kept, and keep no others for now."""
        self.is_open = False
        while self.parked:
            with contextlib.suppress(IndexError):  # another thread was first
                self.parked.pop().release()

    def open(self) -> None:
        """Keep those again that are not needed."""
        self.is_open = True


class Worker:
    """Receives requests in any number of threads and lets a few of them be worked on at a time.

    Args:
        application: answers requests.
        threads: how many at a time.
        server: host and port that the server listens on.
        bodies: receives what clients send.
        log: writes the access log; None where there is none.
        recorder: notes what is done, for metrics; None where there are none.
        journal: writes down what requests were answered with; None where nothing does.
    """

    def __init__(
        self,
        application: Application,
        *,
        threads: int,
        server: tuple[str, int],
        bodies: Bodies,
        log: AccessLog | None,
        recorder: Recorder | None = None,
        journal: JournalThread | None = None,
    ) -> None:
        self.application = application
        self.server = server
        self.log = log
        self.recorder = recorder
        self.journal = journal
        self.count = recorder.note_answer if recorder else None
        self.bodies = bodies
        self.without_database = (settings.STATIC_URL, reverse("guide:contents"))
        self.reserve = Reserve()
        self.precedence = Precedence()
        self.writing = self.reading = Permits(threads, self.respond, self.precedence)
        if connection.vendor == "sqlite":  # one writes at a time, and the others may wait long for it
            self.writing = Permits(max(threads - 1, 1), self.respond, self.precedence)
            self.reading = Permits(1, self.respond, self.precedence)

    def receive(self, protocol: Any, environ: Environ) -> None:
        """Receive a request, and go on with it when it is complete.

        Args:
            protocol: brings its body and takes its answer.
            environ: what granian says of it (PEP 3333).
        """
        endpoint = endpoint_at(environ["PATH_INFO"])
        is_noted = not (endpoint and endpoint.is_probe)
        log, count = (self.log, self.count) if is_noted else (None, None)
        exchange = Exchange(protocol, environ, endpoint, log, count)
        if environ["REQUEST_METHOD"] in SAFE_METHODS or (endpoint and endpoint.ignores_body):
            self.bodies.leave(exchange)
            self.go_on(exchange)
        else:
            self.bodies.receive(exchange, MAX_BODY_BYTES if endpoint else MOST_OF_ALL, self.go_on)

    def receive_by_names(self, scope: Any, protocol: Any) -> None:
        """Receive a request whose headers have their true names (RSGI)."""
        self.receive(protocol, environ_of(scope, self.server))

    def go_on(self, exchange: Exchange) -> None:
        """Answer a complete request, or leave that to a thread that has a permit."""
        permits = self.permits(exchange)
        if permits is None:
            hold_nothing()
            self.respond(exchange)
        elif not permits.take(exchange) and permits.are_taken and not exchange.has_unread_body:
            self.reserve.keep()

    def permits(self, exchange: Exchange) -> Permits | None:
        """Return the permits for a request: those for writing, unless it only reads.

        None where it can be answered though the database is out of reach.
        """
        environ, endpoint = exchange.environ, exchange.endpoint
        path = environ["PATH_INFO"]
        if not endpoint.needs_database if endpoint else path.startswith(self.without_database):
            return None
        only_reads = environ["REQUEST_METHOD"] in SAFE_METHODS or (endpoint and endpoint.only_reads)
        return self.reading if only_reads else self.writing

    def respond(self, exchange: Exchange) -> None:
        """Answer a request."""
        try:
            response = self.application.respond(exchange.environ, exchange.endpoint)
            exchange.answer(response.status, response.headers, response.body)
            if response.close:
                response.close()
            if response.answer:
                self.precedence.note(exchange, is_refused=response.answer.refusal is not None)
            if self.recorder:
                self.recorder.note_work(exchange.endpoint, exchange.environ["PATH_INFO"], response.answer)
        except Exception:  # which granian would not tell anybody
            log.exception("A request could not be answered")
            exchange.answer(500, [], b"")
        finally:
            if exchange in self.bodies.sizes:
                self.bodies.forget(exchange)
            end()

    def finish(self) -> None:
        """Have everything recorded when the worker has been told to stop."""
        deadline = time.monotonic() + LAST_SECONDS
        while self.is_working() and time.monotonic() < deadline:
            time.sleep(LAST_SECONDS / 20)
        if self.journal:
            self.journal.stop()

    def is_working(self) -> bool:
        """Return whether any request is worked on, or waits to be."""
        return any(
            permits.waiting or any(permit.exchange for permit in permits.all)
            for permits in (self.reading, self.writing)
        )
