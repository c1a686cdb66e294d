"""How many requests are worked on at once, each with a database connection of its own.

A request takes a free permit in whichever thread brings it. Where there is none it waits without a thread:
whoever has a permit goes on with it. So the threads that granian needs to receive requests are never the ones
that wait for the database.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections

from common.patience import patience
from server.faults import Kept
from server.workers.exchange import Exchange
from server.workers.line import Line, Precedence, Turn

Work = Callable[[Exchange], None]

# Seconds that a request waits for a permit, or is tried again: with those that a database may then hang, five
# in all.
WAIT_SECONDS = 2.5
# After a request that goes last the next one waits so many times as long as it took, while others come, but
# no more seconds than these.
REST, MOST_REST_SECONDS = 9, 0.03
# How long after the last one others are still said to come.
OTHERS_SECONDS = 1.0

log = logging.getLogger("gatehouse.server")


class Permit:
    """The right to work on a request.

    Attributes:
        connection: Django's connection to the database, opened when it is first used.
        exchange: the request that is worked on; None while the permit is free.
    """

    connection: Any

    def __init__(self) -> None:
        self.exchange: Exchange | None = None
        self.generation = Kept.generation
        self.connect()

    def connect(self) -> None:
        """Have another connection."""
        self.connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self.connection.inc_thread_sharing()  # one thread at a time, but not always the same

    def renew(self) -> None:
        """Close the connection if it is broken or old; have another one if not even that is possible."""
        try:
            if self.is_outdated:
                self.generation = Kept.generation
                self.connection.close()
            self.connection.close_if_unusable_or_obsolete()
        except Exception:
            log.exception("A connection to the database could not be closed")
            self.connect()

    @property
    def is_outdated(self) -> bool:
        """Whether all connections had to be given up since this one was opened."""
        return self.generation != Kept.generation

    def give_up(self) -> None:
        """Break the connection off if it waits for the database, so that its thread hears of it."""
        if give_up := getattr(self.connection, "give_up", None):
            give_up()


class Holding(threading.local):
    """What the thread that asks has.

    Attributes:
        permits: those that its permit is one of.
        permit: the permit whose request it works on, if any.
        connection: the one that Django finds in this thread.
    """

    permits: "Permits | None" = None
    permit: Permit | None = None
    connection: Any = None


holding = Holding()


class Permits:
    """A number of permits, and the requests that wait for one.

    Args:
        number: how many.
        work: answers a request.
        precedence: says which requests are worked on first, and which last, one at a time.
    """

    def __init__(self, number: int, work: Work, precedence: Precedence | None = None) -> None:
        self.precedence = precedence or Precedence()
        self.rests_until = float("-inf")
        self.all = [Permit() for _ in range(number)]
        self.free = list(self.all)
        self.waiting = Line(self.precedence)
        self.away: set[Permit] = set()  # those of threads that wait for something else
        self.work = work

    def take(self, exchange: Exchange) -> bool:
        """Work on a request if a permit is free; else let it wait.

        Returns:
            Whether this thread has worked on anything.
        """
        self.precedence.place(exchange)
        if exchange.turn == Turn.LAST:
            self.waiting.append(exchange)
            return self.go_on()
        try:
            permit = self.free.pop()
        except IndexError:
            self.waiting.append(exchange)
            return self.go_on()  # a permit may have become free meanwhile
        self.work_on(exchange, permit)
        if self.waiting:
            self.go_on()
        return True

    def go_on(self) -> bool:
        """Work on what waits as long as there is a permit for it; return whether there was."""
        worked = False
        while self.waiting and not self.keeps_one_free():
            try:
                permit = self.free.pop()
            except IndexError:
                break
            try:
                exchange = self.waiting.popleft()
            except IndexError:
                self.free.append(permit)
                continue
            began = time.monotonic()
            self.work_on(exchange, permit)
            if exchange.turn == Turn.LAST:
                self.rest(time.monotonic() - began)
            worked = True
        return worked

    @property
    def are_taken(self) -> bool:
        """Whether none is free, and a request that comes now could not overtake one that waits."""
        return not (self.free or self.waiting.can_be_overtaken)

    def keeps_one_free(self) -> bool:
        """Return whether only such wait as go last, and it is not yet the turn of one."""
        if not self.waiting.is_of_last:
            return False
        if time.monotonic() < self.rests_until:
            return True  # and whoever rests goes on
        worked_on = [permit.exchange for permit in self.all]
        return len(worked_on) > 1 and any(exchange and exchange.turn == Turn.LAST for exchange in worked_on)

    def rest(self, seconds: float) -> None:
        """Leave the time to others, if any come, after a request that goes last and took so many seconds."""
        now = time.monotonic()
        if now < self.precedence.others_came_at + OTHERS_SECONDS:
            pause = min(REST * seconds, MOST_REST_SECONDS)
            self.rests_until = now + pause
            time.sleep(pause)

    def renew_idle(self) -> None:
        """Close the connections that have to be given up and are not in use, which nobody else would do."""
        for permit in self.all:
            if permit.is_outdated:
                with contextlib.suppress(ValueError):  # it is in use by now, and is renewed next time
                    self.free.remove(permit)
                    permit.renew()
                    self.free.append(permit)
                if self.waiting:  # somebody asked in between
                    threading.Thread(target=self.go_on, daemon=True).start()

    def work_on(self, exchange: Exchange, permit: Permit) -> None:
        """Answer a request, and give the permit back."""
        permit.renew()
        hold(permit)
        holding.permits = self
        permit.exchange = exchange
        patience.until = exchange.complete + WAIT_SECONDS
        try:
            self.work(exchange)
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Give back what this thread holds."""
        permit, holding.permit = holding.permit, None
        if permit in self.all:
            permit.exchange = None
            self.free.append(permit)
        elif permit is not None:  # one that was made for what came after something long
            with contextlib.suppress(Error):
                permit.connection.close()


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let others have this thread's permit while it waits for something else than the database.

    Afterward it goes on with a connection of its own, which it closes in the end, so that it does not have
    to wait for a permit, and may wait for the database as long as it might have before. Does nothing in a
    thread that holds none, or is in a transaction.
    """
    permits = holding.permits
    if permits is None or holding.permit is None or holding.connection.in_atomic_block:
        yield
        return
    seconds_left = patience.until - time.monotonic()
    permits.give_back()
    permit = Permit()
    hold(permit)
    permits.away.add(permit)
    try:
        if permits.waiting:
            threading.Thread(target=permits.go_on, daemon=True).start()
        yield
    finally:
        permits.away.discard(permit)
        patience.until = time.monotonic() + seconds_left


def hold(permit: Permit) -> None:
    """Let this thread have a permit, and Django find its connection there."""
    holding.permit = permit
    if holding.connection is not permit.connection:
        connections[DEFAULT_DB_ALIAS] = holding.connection = permit.connection


def hold_nothing() -> None:
    """Let this thread have no connection that is used elsewhere: it may have worked in a permit before."""
    if holding.connection is not None:
        connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
        holding.connection = None
