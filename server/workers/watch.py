"""Sees to it that nothing takes longer than it may, and that no worker outlives its server."""

import contextlib
import logging
import math
import os
import signal
import threading
import time

from server.workers.answers import refusal
from server.workers.exchange import Exchange
from server.workers.permits import WAIT_SECONDS, Permits
from server.workers.worker import LONG_SECONDS, Worker

TICK_SECONDS = 0.1
log = logging.getLogger("gatehouse.server")


class Watch(threading.Thread):
    """Looks at a worker ten times a second.

    Args:
        worker: the worker.
        server: the process id of the server that started it.
        stop_seconds: how long it gets to finish when the server has gone.
        statement_seconds: how long the database may work on a statement; 0 for as long as it takes.
    """

    def __init__(self, worker: Worker, server: int, *, stop_seconds: float, statement_seconds: float) -> None:
        super().__init__(daemon=True, name="watch")
        self.worker = worker
        self.server = server
        self.stop_seconds = stop_seconds
        # A server that works ends it by itself; this is for one that hangs.
        self.given_up_after = statement_seconds + 2 * TICK_SECONDS if statement_seconds else math.inf

    def run(self) -> None:
        """Look until the process ends."""
        while os.getppid() == self.server:
            try:
                self.look()
            except Exception:  # without it nothing that takes too long would end
                log.exception("The watch has failed")
            time.sleep(TICK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(self.stop_seconds)
        os._exit(1)

    def look(self) -> None:
        """Give up what takes too long; let threads go while anything takes long."""
        is_held_up = self.worker.bodies.give_up_slow()
        if self.worker.journal:
            self.worker.journal.give_up_slow()
        kinds = {self.worker.reading, self.worker.writing}
        for permits in kinds:
            is_held_up |= self.look_at(permits)
        if self.worker.recorder:
            self.worker.recorder.add_up()
            self.worker.recorder.counters.sample(
                permits=sum(len(permits.all) for permits in kinds),
                in_use=sum(len(permits.all) - len(permits.free) for permits in kinds),
                waiting=sum(len(permits.waiting) for permits in kinds),
            )
        if is_held_up:
            self.worker.reserve.let_go()
        else:
            if not self.worker.is_working():
                self.worker.reserve.let_go()  # or nobody would be left to receive a request
            self.worker.reserve.open()

    def look_at(self, permits: Permits) -> bool:
        """Give up requests that take too long, and return whether any takes long."""
        permits.renew_idle()
        is_held_up = bool(permits.away)
        for permit in permits.all:
            exchange = permit.exchange
            if exchange is not None and exchange.delay > LONG_SECONDS:
                is_held_up = True
                if exchange.delay > self.given_up_after:
                    permit.give_up()
        for exchange in permits.waiting.copy():
            if exchange.delay > WAIT_SECONDS:
                self.refuse(exchange, permits)
        return is_held_up

    def refuse(self, exchange: Exchange, permits: Permits) -> None:
        """Refuse a request that has waited too long, unless somebody has just begun to work on it."""
        with contextlib.suppress(ValueError):
            permits.waiting.remove(exchange)
            exchange.answer(*refusal(exchange.environ, 503))
            self.worker.bodies.forget(exchange)
