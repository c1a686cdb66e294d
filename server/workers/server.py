"""The processes that serve: granian's, with our own way to hand requests over and to replace dead workers."""

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from granian._granian import CallbackScheduler, RSGIWorker, WSGIWorker
from granian._signals import set_sync_signals
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import mp
from granian.server.common import WORKERS_METHODS

from config import env
from server.housekeeping.process import Housekeeper, housekeeping
from server.metrics import files
from server.workers import access_log
from server.workers.listening import client_seconds, connections_at_once, impatient

# So many objects more than before are worth a search for garbage: those of dozens of requests.
GARBAGE_THRESHOLD = 20_000
# A thread that has heard from the database waits so many seconds for one that goes on calculating. The five
# milliseconds that are Python's default are as long as many a request takes.
SWITCH_SECONDS = 0.001
# After so many seconds without work a thread ends.
IDLE_SECONDS = 600
# Seconds a worker gets to finish what it is doing.
STOP_SECONDS = 5
# Seconds that a request waits for another one to have written, on SQLite.
LOCK_SECONDS = 3
# Bytes that the headers of a request may have, and that are held for each connection.
MOST_HEADER_BYTES = 64 * 1024
# Seconds between two attempts to replace a worker that dies at once.
PAUSE_SECONDS = 1


# What granian says is written as all lines are.
GRANIANS_LOGGERS = {"loggers": {"_granian": {"propagate": True}}}

log = logging.getLogger("gatehouse.server")
# What granian gives a worker, in its order; those with an underscore are not for us.
OPTIONS = (
    "threads",
    "blocking_threads",
    "py_threads",
    "py_threads_idle_timeout",
    "backpressure",
    "_task_impl",
    "http_mode",
    "http1_opts",
)


# Receives a request of granian's, in one of its threads.
Receive = Callable[[Any, Any], None]
# Makes that of the worker with a number, from 1, and what is to be done when it has stopped; whoever replaces
# a worker has its number.
Load = Callable[[int], tuple[Receive, Callable[[], None]]]


class Inline:
    """What granian takes for an event loop: it runs whatever it is given at once, in the same thread."""

    def call_soon(self, call: Callable[..., Any], *arguments: Any, context: Any = None) -> None:  # noqa: ARG002
        """Call it now; granian would not tell anybody of an exception."""
        try:
            call(*arguments)
        except Exception:
            log.exception("A body could not be received")

    call_soon_threadsafe = call_soon


class NamedRequests(CallbackScheduler):
    """What granian's RSGI calls for each request, in one of its threads.

    It is meant to begin a coroutine on an event loop; here the request is received in the thread itself.
    """

    def __init__(self, _loop: Inline, receive: Receive, *_: Any) -> None:
        super().__init__()
        self.receive = receive
        self._schedule_fn = self.begin

    def begin(self, watcher: Any) -> None:
        """Receive a request; granian would not tell anybody of an exception."""
        try:
            self.receive(watcher.scope, watcher.proto)
        except Exception:
            log.exception("A request could not be received")
            watcher.done()


class Server(mp.MPServer):
    """granian's server, which never gives up its workers and hands requests over as they are.

    Behind a proxy the names of headers matter: `X-Forwarded-For` is the proxy's, `X_Forwarded_For` anybody's.
    granian's WSGI has one place for both, so there its RSGI is used. It takes a twelfth more of a processor.

    Attributes:
        housekeeper: keeps the process beside the workers; None where there is none.
    """

    housekeeper: Housekeeper | None = None

    @staticmethod
    @mp.WorkerProcess.wrap_target
    def _spawn_wsgi_worker(  # granian's
        worker_id: int,
        load: Load,
        sock: Any,
        ipc: Any,
        _loop: Any,
        runtime_mode: Any,
        *options: Any,
    ) -> None:
        """Run a worker until it is told to stop."""
        receive, finish = load(worker_id)
        ended, stop, loop = threading.Event(), set_sync_signals(), Inline()  # type: ignore[no-untyped-call]
        stop.add_cb(ended.set)
        listener = impatient(sock, client_seconds())
        given = dict(zip(OPTIONS, options, strict=False))
        given = {name: value for name, value in given.items() if not name.startswith("_")}
        worker: Any = (RSGIWorker if names_matter() else WSGIWorker)(worker_id, listener, ipc, **given)
        serve = getattr(worker, WORKERS_METHODS[runtime_mode][False])
        scheduler: Any = NamedRequests if names_matter() else CallbackScheduler
        serve(scheduler(loop, receive, None, None, None), loop, stop)
        ended.wait()
        finish()

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace workers that died, until the server is told to stop.

        granian's own would end the server when a worker dies twice within seconds.
        """
        while not self.interrupt_signal:
            self.main_loop_interrupt.wait()
            self.main_loop_interrupt.clear()
            while self.interrupt_children and not self.interrupt_signal:
                self._respawn_workers([self.interrupt_children.pop(0)], spawn_target, target_loader)
                time.sleep(PAUSE_SECONDS)

    def _stop_workers(self) -> None:
        """Stop all; those that were told by somebody else, systemd for one, have not failed."""
        if self.housekeeper:
            self.housekeeper.tell_to_stop()
        super()._stop_workers()  # type: ignore[no-untyped-call]
        self.interrupt_children.clear()


def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the application until Ctrl-C or SIGTERM; workers are forked from this process."""
    from server.workers.worker import SPARE_THREADS  # noqa: PLC0415  # needs settings

    refuse_interruptions()
    load = partial(load_worker, threads, (host, port), os.getpid(), files.prepare(port, workers))
    server = Server(
        "config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        # HTTP/2 without TLS would let anybody have compressed headers grow in memory; no proxy needs it.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=1000 * client_seconds(), max_buffer_size=MOST_HEADER_BYTES
        ),
        workers=workers,
        blocking_threads=threads + SPARE_THREADS,
        blocking_threads_idle_timeout=IDLE_SECONDS,
        backpressure=connections_at_once(),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=GRANIANS_LOGGERS,
        workers_kill_timeout=STOP_SECONDS,
    )
    with housekeeping(port) as server.housekeeper:
        server.serve(target_loader=lambda _target: load)


def refuse_interruptions() -> None:
    """Ask the system not to interrupt a request for the arrival of each other one (sched(7), SCHED_BATCH).

    That costs a tenth of the requests a loaded server could answer. Where it is not allowed nothing changes.
    """
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def load_worker(
    threads: int, server: tuple[str, int], server_pid: int, metrics: Path | None, number: int
) -> tuple[Receive, Callable[[], None]]:
    """Return what receives requests, in a worker, and what is to be done when it has stopped.

    Ctrl-C reaches every process of the terminal. The main process alone answers it and then ends the workers;
    a worker that did so by itself would wait for ever for the other's signal.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Imported where they are needed, once forked.
    from server.dispatcher import Application  # noqa: PLC0415
    from server.journal.thread import JournalThread  # noqa: PLC0415
    from server.metrics.recorder import begin  # noqa: PLC0415
    from server.workers.bodies import AwaitedBodies  # noqa: PLC0415
    from server.workers.collected_bodies import CollectedBodies  # noqa: PLC0415
    from server.workers.watch import Watch  # noqa: PLC0415
    from server.workers.worker import Worker  # noqa: PLC0415

    limit_waits()
    journal = JournalThread()
    bodies = (CollectedBodies if names_matter() else AwaitedBodies)(client_seconds())
    worker = Worker(
        Application(),
        threads=threads,
        server=server,
        bodies=bodies,
        log=access_log.writer(),
        recorder=begin(metrics, number),
        journal=journal,
    )
    journal.start()
    Watch(worker, server_pid, stop_seconds=STOP_SECONDS, statement_seconds=statement_seconds()).start()
    # What has been loaded stays: going through it again is what the slowest requests would wait for.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.setswitchinterval(SWITCH_SECONDS)
    return (worker.receive_by_names if names_matter() else worker.receive), worker.finish


def limit_waits() -> None:
    """Let no statement of a request take longer than an answer may; commands have no such limit."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "sqlite":
        connection.settings_dict["OPTIONS"]["timeout"] = LOCK_SECONDS
    else:
        type(connection).statement_seconds = statement_seconds()


def statement_seconds() -> int:
    """Return how long the database may work on a statement; 0 for as long as it takes."""
    return env.number("DATABASE_STATEMENT_SECONDS", 3)


def names_matter() -> bool:
    """Return whether the names of headers must be told apart, whatever that costs."""
    return bool(settings.TRUSTED_PROXIES)
