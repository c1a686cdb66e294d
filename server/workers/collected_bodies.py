"""Bodies behind a proxy, which come without a thread that waits for them."""

from functools import partial
from typing import Any

from granian._granian import RSGIProtocolClosed

from server.workers.bodies import Bodies, GoOn
from server.workers.exchange import Exchange

# Pieces of a body of unknown length, each of which takes a thread for a moment.
MOST_CHUNKS = 8192


class CollectedBodies(Bodies):
    """Bodies that granian collects without any of our threads; of each, what is to be canceled."""

    def wait(self, exchange: Exchange, size: int, go_on: GoOn, *, is_chunked: bool) -> None:
        """Go on when it is there."""
        if is_chunked:
            exchange.protocol.__aiter__()
            self.wait_for_chunk(exchange, Chunks(size), go_on)
        else:
            coming = self.coming[exchange] = exchange.protocol()
            coming.add_done_callback(partial(self.collected, exchange, go_on))

    def leave(self, exchange: Exchange) -> None:
        """Leave a body unread; granian would keep its connection for as long as anybody knows the request."""
        super().leave(exchange)
        if exchange.has_unread_body:
            exchange.protocol().cancel()

    def collected(self, exchange: Exchange, go_on: GoOn, body: Any) -> None:
        """Go on with a body, unless the request was given up, or its client has left."""
        if self.coming.pop(exchange, None) is None:
            return
        try:
            whole = body.result()
        except RSGIProtocolClosed:  # its client has left
            self.refuse(exchange, 400)
        else:
            self.take(exchange, whole, go_on)

    def wait_for_chunk(self, exchange: Exchange, chunks: "Chunks", go_on: GoOn) -> None:
        """Go on when there is more of a body of unknown length."""
        coming = self.coming[exchange] = exchange.protocol.__anext__()
        coming.add_done_callback(partial(self.chunk_collected, exchange, chunks, go_on))

    def chunk_collected(self, exchange: Exchange, chunks: "Chunks", go_on: GoOn, coming: Any) -> None:
        """Go on with a body of unknown length, or wait for more of it."""
        if self.coming.pop(exchange, None) is None:
            return
        chunk = coming.result()
        chunks.add(chunk)
        if chunks.are_too_many():
            self.refuse(exchange, 413)
        elif chunk:
            self.wait_for_chunk(exchange, chunks, go_on)
        elif has_ended(exchange):
            self.take(exchange, bytes(chunks.so_far), go_on)
        else:
            self.refuse(exchange, 400)

    def give_up(self, exchange: Exchange) -> None:
        """Refuse one that has not come in time."""
        if coming := self.coming.pop(exchange, None):
            coming.cancel()  # or the connection would stay open for the rest of it
            self.refuse(exchange, 408)

    def give_up_slow(self) -> bool:
        """Refuse those that have not come in time; none keeps a thread."""
        for exchange in self.coming.copy():
            if exchange.age > self.seconds:
                self.give_up(exchange)
        return False


class Chunks:
    """What has come of a body of unknown length.

    Args:
        most: how many bytes it may have.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.number = 0
        self.so_far = bytearray()

    def add(self, chunk: bytes) -> None:
        """Add what has come."""
        self.number += 1
        self.so_far += chunk

    def are_too_many(self) -> bool:
        """Return whether it is too large, or in so small pieces that putting them together takes too long."""
        return len(self.so_far) > self.most or self.number > MOST_CHUNKS


def has_ended(exchange: Exchange) -> bool:
    """Return whether a body in chunks is complete (RFC 9112 section 8).

    granian gives nothing where it ends, where its connection does, and where trailers come. Afterward there
    is no more to ask for in the first case alone; trailers are announced (RFC 9110 section 6.6.2).
    """
    if "HTTP_TRAILER" in exchange.environ:
        return True
    try:
        exchange.protocol.__anext__()
    except StopAsyncIteration:
        return True
    return False
