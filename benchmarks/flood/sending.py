"""Who sends the refused requests: many addresses behind a proxy, each with a connection of its own.

A process of its own, `python -m benchmarks.flood.sending`: it reads an order as JSON, sends what was ordered,
and prints when it began and how many answers of which status came, as JSON.
"""

import json
import select
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle

from benchmarks.load import Connection, NextRequest
from benchmarks.refusals import KINDS

ADDRESSES = 50
# Requests that are told apart before they come again, of each kind from each address.
APART = 40
# Seconds until nobody waits for answers any more, after the last request.
PATIENCE_SECONDS = 10
# A request that is late by more than so many seconds is not sent at all: no burst follows a wait.
BEHIND_SECONDS = 0.05
# The status of what was not answered.
UNANSWERED = 0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be sent.

    Attributes:
        port: where the server listens.
        client: how an application authenticates in a form.
        rate: requests a second.
        seconds: how long.
    """

    port: int
    client: dict[str, str]
    rate: float
    seconds: float

    @property
    def text(self) -> str:
        """The order in JSON."""
        return json.dumps(asdict(self))


class Sender:
    """Sends refused requests at a steady rate, or as many as the server answers.

    Args:
        order: what to send.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.statuses: Counter[int] = Counter()
        self.poll = select.epoll()
        self.busy: dict[int, Connection] = {}
        self.idle: deque[Connection] = deque()
        for requests in requests_by_address(order.client):
            self.connect(in_turn(requests))

    def connect(self, next_request: NextRequest) -> None:
        """Connect, for requests of one address."""
        connection = Connection(self.order.port, next_request)
        self.poll.register(connection.socket, select.EPOLLIN)
        self.idle.append(connection)

    def run(self) -> Counter[int]:
        """Send everything and return how many answers of which status came."""
        due = time.monotonic()
        end, interval = due + self.order.seconds, 1 / self.order.rate
        while (now := time.monotonic()) < end or (self.busy and now < end + PATIENCE_SECONDS):
            while self.idle and due <= now < end:
                self.send()
                due += interval
            due = max(due, now - BEHIND_SECONDS)
            for number, _ in self.poll.poll(
                min(0.1, max(0.0, due - now)) if now < end and self.idle else 0.1
            ):
                self.receive(number)
        self.statuses[UNANSWERED] += len(self.busy)
        for connection in [*self.busy.values(), *self.idle]:
            connection.socket.close()
        self.poll.close()
        return self.statuses

    def send(self) -> None:
        """Let the address that has waited longest send its next request."""
        connection = self.idle.popleft()
        self.busy[connection.socket.fileno()] = connection
        connection.send()

    def receive(self, number: int) -> None:
        """Take what has come on a connection."""
        connection = self.busy[number]
        try:
            answer = connection.answer()
        except ConnectionResetError:
            self.forget(connection)
            return
        if answer is not None:
            del self.busy[number]
            self.statuses[int(answer[0][9:12])] += 1
            self.idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Note that a connection was closed instead of an answer, and make another one for its address."""
        del self.busy[connection.socket.fileno()]
        self.poll.unregister(connection.socket)
        connection.socket.close()
        self.statuses[UNANSWERED] += 1
        self.connect(connection.next_request)


def in_turn(requests: list[bytes]) -> NextRequest:
    """Make the requests of one address again and again."""
    left = cycle(requests)
    return lambda _: next(left)


def requests_by_address(client: dict[str, str]) -> Iterator[list[bytes]]:
    """Yield the requests of each address, of all kinds in turn."""
    for address in range(ADDRESSES):
        headers = {"X-Forwarded-For": f"198.51.{100 + address}.7", "User-Agent": f"flood/{address}"}
        numbers = range(address * APART, (address + 1) * APART)
        yield [kind.make(client, number, headers) for number in numbers for kind in KINDS.values()]


if __name__ == "__main__":
    sender = Sender(Order(**json.load(sys.stdin)))
    print(json.dumps({"began": time.monotonic(), "statuses": sender.run()}))
