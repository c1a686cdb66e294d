"""Receiving what clients send, whole and bounded, before anything works on it."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from oauthapps.http.messages import RECEIVED_BODY
from server.workers.answers import refusal
from server.workers.exchange import Exchange

# Bytes that a body may have: a form with a logo and the fields around it.
MOST_OF_ALL = 2_000_000
MOST_DIGITS = len(str(MOST_OF_ALL))
# Bytes of bodies that a worker holds at once. They are added up where a body is large, or there are many.
MOST_BYTES = 32 * 1024 * 1024
LARGE = 64 * 1024
MANY = 256
# So many may keep a thread at once; the next one takes the place of the one that has kept it longest.
MOST_SENDERS = 24
# Seconds after which a sender holds others up.
LONG_SECONDS = 0.1

GoOn = Callable[[Exchange], object]


class Bodies:
    """The bodies that are on their way, and those that are worked on.

    Args:
        seconds: how long a body may take.

    Attributes:
        sizes: how many bytes each of them has, or may have.
        coming: those that are on their way, with what there is to know of each. The first has kept others
            waiting longest.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.sizes: dict[Exchange, int] = {}
        self.coming: dict[Exchange, Any] = {}

    def receive(self, exchange: Exchange, most: int, go_on: GoOn) -> None:
        """Put a request's body into its environ and go on, or answer the request where that cannot be done.

        Args:
            exchange: the request.
            most: how many bytes are read; a larger body is left unread, for the endpoint to refuse.
            go_on: called with the request once its body is there, perhaps in another thread.
        """
        announced = exchange.environ.get("CONTENT_LENGTH", "")
        if not announced and "HTTP_TRANSFER_ENCODING" not in exchange.environ:
            self.take(exchange, b"", go_on)
            return
        size = length(announced, most)
        if size > MOST_OF_ALL:
            exchange.answer(*refusal(exchange.environ, 413))
        elif size > most:
            self.leave(exchange)
            go_on(exchange)
        elif not (self.has_room(size) or self.make_room(size)):
            exchange.answer(*refusal(exchange.environ, 503))
        else:
            self.sizes[exchange] = size
            self.wait(exchange, size, go_on, is_chunked=not announced)

    def leave(self, exchange: Exchange) -> None:
        """Leave a request's body unread, and hold nothing that would have its connection wait for it."""
        environ = exchange.environ
        environ["wsgi.input"] = BytesIO()
        exchange.has_unread_body = (
            environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
        )

    def make_room(self, size: int) -> bool:
        """Give others up, large ones first, and return whether a body of so many bytes can be held now.

        A small one may have come already, and only wait for a thread to say so.
        """
        coming = self.coming.copy()
        complete = sum(held for exchange, held in self.sizes.copy().items() if exchange not in coming)
        if complete + size > MOST_BYTES:
            return False
        for exchange in sorted(coming, key=lambda each: self.sizes.get(each, 0) <= LARGE):
            self.give_up(exchange)
            if self.has_room(size):
                return True
        return False

    def has_room(self, size: int) -> bool:
        """Return whether a body of so many bytes can be held."""
        if size <= LARGE and len(self.sizes) < MANY:
            return True
        return sum(self.sizes.copy().values()) + size <= MOST_BYTES

    def wait(self, exchange: Exchange, size: int, go_on: GoOn, *, is_chunked: bool) -> None:
        """Wait for a body of so many bytes, or at most so many where its length is not known."""
        raise NotImplementedError

    def take(self, exchange: Exchange, body: bytes, go_on: GoOn) -> None:
        """Go on with a body."""
        exchange.complete = time.monotonic()
        environ = exchange.environ
        if exchange.endpoint:
            environ[RECEIVED_BODY] = body
        else:
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        go_on(exchange)

    def refuse(self, exchange: Exchange, status: int) -> None:
        """Answer a request whose body is not taken."""
        exchange.answer(*refusal(exchange.environ, status))
        self.forget(exchange)

    def forget(self, exchange: Exchange) -> None:
        """Record that a request is over."""
        self.sizes.pop(exchange, None)

    def give_up(self, exchange: Exchange) -> None:
        """Refuse one that is still coming."""
        raise NotImplementedError

    def give_up_slow(self) -> bool:
        """Refuse those that have not come in time, and return whether others keep threads."""
        raise NotImplementedError


class AwaitedBodies(Bodies):
    """Bodies that a thread waits for, which takes less than to be called when they are there.

    granian's reading cannot be interrupted. It ends with the connection.
    """

    def wait(self, exchange: Exchange, size: int, go_on: GoOn, *, is_chunked: bool) -> None:
        """Wait in this thread."""
        self.coming[exchange] = exchange.arrived
        if len(self.coming) > MOST_SENDERS:
            self.give_up(next(iter(self.coming.copy()), exchange))
        body = exchange.environ["wsgi.input"].read(size + is_chunked)
        if self.coming.pop(exchange, None) is None:
            return  # given up meanwhile
        if len(body) > size:
            self.refuse(exchange, 413)
        elif len(body) < size and not is_chunked:
            self.refuse(exchange, 400)
        else:
            self.take(exchange, body, go_on)

    def give_up(self, exchange: Exchange) -> None:
        """Break a sender off; the thread that waits for it goes on."""
        if self.coming.pop(exchange, None) is not None:
            exchange.break_off()
            self.forget(exchange)

    def give_up_slow(self) -> bool:
        """Break off those that have not come in time, and return whether others keep threads."""
        now = time.monotonic()
        slow = [sender for sender, since in self.coming.copy().items() if now - since > LONG_SECONDS]
        for sender in slow:
            if sender.age > self.seconds:
                self.give_up(sender)
        return bool(slow)


def length(announced: str, most: int) -> int:
    """Return how many bytes to expect: what was announced, or of a body in chunks as many as may come."""
    if not announced:
        return most
    if len(announced) <= MOST_DIGITS and announced.isdecimal():
        return int(announced)
    return MOST_OF_ALL + 1
