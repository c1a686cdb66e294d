"""A closed loop of connections: each sends its next request as soon as its last one is answered."""

import selectors
import socket
import statistics
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

# Makes the next request; the argument is the body that the last answer on this connection had.
NextRequest = Callable[[bytes], bytes]


@dataclass(kw_only=True)
class Result:
    """What happened in one run.

    Attributes:
        seconds: how long it took.
        latencies: seconds between each request and the end of its answer.
        unwanted: answers of other statuses than were wanted, by the beginning of their text.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    unwanted: dict[bytes, int] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return len(self.latencies)

    def percentile(self, number: int) -> float:
        """Return so many hundredths' longest wait, in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100)[number - 1]


class Connection:
    """One connection with at most one request under way."""

    def __init__(self, port: int, next_request: NextRequest) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.next_request = next_request
        self.received = b""
        self.sent_at = 0.0

    def send(self, last_body: bytes = b"") -> None:
        """Send the next request."""
        request = self.next_request(last_body)
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> tuple[bytes, bytes] | None:
        """Read what has come and return head and body once they are whole.

        Raises:
            ConnectionResetError: when the server has closed the connection.
        """
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionResetError
        self.received += more
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        return (head, body) if len(body) >= length else None


def run(port: int, next_requests: list[NextRequest], seconds: float, wanted: Collection[int]) -> Result:
    """Keep one connection for each request maker busy for so many seconds; `wanted` are statuses."""
    result, selector = Result(), selectors.DefaultSelector()
    connections = [Connection(port, maker) for maker in next_requests]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    began = time.perf_counter()
    for connection in connections:
        connection.send()
    waiting = len(connections)
    while waiting:
        for key, _ in selector.select():
            connection = key.data
            answer = connection.answer()
            if answer is None:
                continue
            now = time.perf_counter()
            result.latencies.append(now - connection.sent_at)
            note(result, wanted, *answer)
            if now - began < seconds:
                connection.send(answer[1])
            else:
                waiting -= 1
    result.seconds = time.perf_counter() - began
    for connection in connections:
        connection.socket.close()
    return result


def note(result: Result, wanted: Collection[int], head: bytes, body: bytes) -> None:
    """Count an answer that has none of the wanted statuses."""
    if int(head[9:12]) not in wanted:
        said = head.partition(b"\r\n")[0] + b" " + body[:200]
        result.unwanted[said] = result.unwanted.get(said, 0) + 1
