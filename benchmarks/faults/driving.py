"""A population of clients, each with its own times to ask, and connections that they share."""

import heapq
import itertools
import re
import selectors
import socket
import threading
import time
from math import inf
from typing import NamedTuple

from benchmarks.faults.clients import Answer, Client
from benchmarks.faults.ledger import Ledger

# Seconds after which nobody waits for an answer any more, and until a broken connection is tried again.
PATIENCE_SECONDS, PAUSE_SECONDS = 15, 1
UNAVAILABLE, FAULTS = 503, 500
RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)


class Outcome(NamedTuple):
    """What became of a request that was meant to be sent at a time.

    Attributes:
        due: when it was meant to be sent, by the clock of `time.monotonic`.
        seconds: from then to the end of its answer, or of its connection.
        status: of the answer; 0 where the connection broke, -1 where nobody waited any longer.
        gives: whether it asked for tokens.
    """

    due: float
    seconds: float
    status: int
    gives: bool


class Flight:
    """A request under way on a connection.

    Attributes:
        left: what has not been sent yet.
        received: what has come.
        due: when it was meant to be sent.
        client: whose it is.
    """

    def __init__(
        self, request: bytes, line: socket.socket, due: float = 0.0, client: Client | None = None
    ) -> None:
        self.left, self.received = request, b""
        self.line, self.due, self.client = line, due, client

    def go_on(self) -> Answer | None:
        """Send and receive what can be; return the answer when it is whole.

        Raises:
            OSError: when the connection is broken.
        """
        if self.left:
            self.left = self.left[self.line.send(self.left) :]
            return None
        more = self.line.recv(65536)
        if not more:
            raise ConnectionResetError
        self.received += more
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if not end or len(body) < length:
            return None
        retry = RETRY_AFTER.search(head)
        return Answer(int(head[9:12]), body, int(retry[1]) if retry else 0)


class Driver(threading.Thread):
    """Lets clients ask, each every so many seconds, until `stop` is called.

    Args:
        port: where the server listens.
        clients: who asks.
        ledger: what they are given.
        rate: requests a second of all together while every one is answered.
    """

    def __init__(self, port: int, clients: list[Client], ledger: Ledger, rate: float) -> None:
        super().__init__(daemon=True)
        self.port, self.ledger = port, ledger
        self.interval = len(clients) / rate
        now, self.order = time.monotonic(), itertools.count()
        self.queue = [(now + n / rate, next(self.order), client) for n, client in enumerate(clients)]
        self.idle: list[socket.socket] = []
        self.flights: dict[int, Flight] = {}
        self.selector = selectors.DefaultSelector()
        self.outcomes: list[Outcome] = []
        self.ended = threading.Event()

    def stop(self) -> None:
        """Let what is under way end, and nothing begin."""
        self.ended.set()
        self.join()

    def run(self) -> None:
        """Send what is due, and take answers."""
        while self.flights or not self.ended.is_set():
            now = time.monotonic()
            while not self.ended.is_set() and self.next_due <= now:
                due, _, client = heapq.heappop(self.queue)
                self.begin(client, due)
            wait = 0.1 if self.ended.is_set() else max(0.0, min(0.1, self.next_due - now))
            for key, _ in self.selector.select(wait):
                self.go_on(key.data)
            for flight in [one for one in self.flights.values() if now - one.due > PATIENCE_SECONDS]:
                self.end(flight, Answer(-1))
        for line in self.idle:
            line.close()

    @property
    def next_due(self) -> float:
        """When somebody asks next; never while all wait for answers."""
        return self.queue[0][0] if self.queue else inf

    def begin(self, client: Client, due: float) -> None:
        """Send a client's request."""
        flight = Flight(client.request(), self.connection(), due, client)
        self.flights[id(flight)] = flight
        self.selector.register(flight.line, selectors.EVENT_WRITE, flight)

    def connection(self) -> socket.socket:
        """Return a connection that is kept and stands, or a new one."""
        while self.idle:
            line = self.idle.pop()
            try:
                line.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return line
            except OSError:
                pass
            line.close()
        line = socket.socket()
        line.setblocking(False)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.connect_ex(("127.0.0.1", self.port))  # where that fails, sending says so
        return line

    def go_on(self, flight: Flight) -> None:
        """Go on with a request whose connection is ready."""
        try:
            answer = flight.go_on()
        except BlockingIOError:
            return
        except OSError:
            answer = Answer(0)
        if answer is not None:
            self.end(flight, answer)
        elif not flight.left:
            self.selector.modify(flight.line, selectors.EVENT_READ, flight)

    def end(self, flight: Flight, answer: Answer) -> None:
        """Note what became of a request, tell its client, and let it ask again in its time."""
        now = time.monotonic()
        del self.flights[id(flight)]
        self.selector.unregister(flight.line)
        if answer.status > 0:
            self.idle.append(flight.line)
        else:
            flight.line.close()
        if flight.client is None:
            return
        gives = flight.client.gives_tokens
        self.outcomes.append(Outcome(flight.due, now - flight.due, answer.status, gives))
        pause = self.pause(answer)
        if not pause:
            flight.client.hear(answer)
        due = now + pause if pause else max(flight.due + self.interval, now)
        heapq.heappush(self.queue, (due, next(self.order), flight.client))

    def pause(self, answer: Answer) -> float:
        """Return after how many seconds the same is to be sent again; 0 where it was answered."""
        if answer.status <= 0:
            return PAUSE_SECONDS
        if answer.status == UNAVAILABLE and answer.retry_after:
            return answer.retry_after
        if answer.status < FAULTS:
            return 0
        self.ledger.wrong[f"{answer.status} {answer.body[:80]!r}"] += 1
        return PAUSE_SECONDS
