"""HTTP by hand: requests exactly as they are written, whole or not, and what comes back."""

import contextlib
import re
import resource
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

SECONDS = 15
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@dataclass
class Heard:
    """What a server sent on a connection.

    Attributes:
        status: of its last answer; 0 where it sent none.
        text: all that it sent.
        closed: whether it ended the connection.
        seconds: how long that took.
    """

    status: int
    text: str
    closed: bool
    seconds: float


class Wire:
    """A server on a port of this machine.

    Args:
        port: its port.
        head: header lines of every request that is made with `request`.
    """

    def __init__(self, port: int, *head: str) -> None:
        self.port = port
        self.head = (f"Host: localhost:{port}", *head)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def request(self, line: str, *lines: str, body: bytes = b"") -> bytes:
        """A request of a method and a target; with its length where it has a body."""
        length = [f"Content-Length: {len(body)}"] if body else []
        head = [f"{line} HTTP/1.1", *self.head, *length, *lines, "", ""]
        return "\r\n".join(head).encode("latin-1") + body

    def send(self, data: bytes, *, seconds: float = SECONDS, half_close: bool = False) -> Heard:
        """Send bytes on a new connection, and listen until it is closed or `seconds` have passed."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):  # it may hear enough before it has heard all
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return listen(connection, seconds)

    def ask(self, line: str, *lines: str, body: bytes = b"") -> Heard:
        """Send a whole request and return its answer."""
        return self.send(self.request(line, *lines, "Connection: close", body=body))

    @contextlib.contextmanager
    def standing(self, number: int, data: bytes) -> Iterator[list[socket.socket]]:
        """Hold connections open on which so much has been sent and no more."""
        allow_files(number + 500)
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(self.connect()) for _ in range(number)]
            for connection in held:
                connection.sendall(data)
            yield held


def listen(connection: socket.socket, seconds: float = SECONDS) -> Heard:
    """Listen until the server closes the connection or `seconds` have passed."""
    began = time.monotonic()
    got, closed = b"", False
    while not closed and (left := began + seconds - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            more = connection.recv(65536)
        except TimeoutError:
            break
        except ConnectionError:
            more = b""
        got += more
        closed = not more
    return Heard(status_in(got), got.decode("latin-1"), closed, time.monotonic() - began)


def status_in(got: bytes) -> int:
    """The status of the last answer in what was received; 0 where there is none."""
    return int(statuses[-1]) if (statuses := STATUS.findall(got)) else 0


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A body in chunks (RFC 9112 section 7.1)."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def allow_files(number: int) -> None:
    """Let this process have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))
