"""A request and its answer, as granian hands them over."""

import time
from collections.abc import Callable
from typing import Any

from oauthapps.http.messages import Endpoint
from server.workers.environ import Environ

Headers = list[tuple[str, str]]
# Writes a line of the access log: when it came by the calendar and by the clock, the environ, the status.
AccessLog = Callable[[float, float, Environ, int], None]
# Notes an answer: the endpoint if there is one, its path, the status, the seconds since it was complete.
NoteAnswer = Callable[[tuple[Endpoint | None, str, int, float]], None]


class Nothing:
    """A body that ends at once."""

    def __next__(self) -> bytes:
        """Say that there is nothing."""
        raise StopIteration

    def close(self) -> None:
        """Do nothing."""


class Exchange:
    """A request that is to be answered once, from whichever thread is first; later answers are dropped.

    Args:
        protocol: granian's side, which takes the answer.
        environ: what it says of the request.
        endpoint: what answers it; None where people ask.
        log: writes its line of the access log; None where there is none.
        count: notes that it was answered, for metrics; None where there are none.

    Attributes:
        arrived: when its headers were there, by the clock of `time.monotonic`.
        complete: when its body was there as well.
        has_unread_body: whether it has a body that is left unread.
        turn: when it is worked on where several wait, of `server.workers.line.Turn`.
    """

    __slots__ = (
        "arrived",
        "began",
        "complete",
        "count",
        "endpoint",
        "environ",
        "has_unread_body",
        "log",
        "protocol",
        "turn",
    )

    def __init__(
        self,
        protocol: Any,
        environ: Environ,
        endpoint: Endpoint | None,
        log: AccessLog | None,
        count: NoteAnswer | None = None,
    ) -> None:
        self.protocol = protocol
        self.environ = environ
        self.endpoint = endpoint
        self.log = log
        self.count = count
        self.has_unread_body = False
        self.turn = 0
        self.arrived = self.complete = time.monotonic()
        self.began = time.time() if log else 0.0

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send the answer."""
        self.protocol.response_bytes(status, headers, body)
        if self.log or self.count:
            self.note(status)

    def break_off(self) -> None:
        """End the connection, and with it the wait for what the client has yet to send.

        An answer alone would not: the connection would stay open for the rest of the request. So this is one
        that stops before it has begun.
        """
        self.protocol.response_iter(408, [("Content-Length", "1"), ("Connection", "close")], Nothing())
        self.note(408)

    def note(self, status: int) -> None:
        """Write the line of the access log and count the request, once."""
        log, self.log = self.log, None
        count, self.count = self.count, None
        if count:
            count((self.endpoint, self.environ["PATH_INFO"], status, self.delay))
        if log:
            log(self.began, self.arrived, self.environ, status)

    @property
    def age(self) -> float:
        """Seconds since it arrived."""
        return time.monotonic() - self.arrived

    @property
    def delay(self) -> float:
        """Seconds for which it has been complete and not answered."""
        return time.monotonic() - self.complete
