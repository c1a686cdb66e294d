"""The requests that wait for a permit, in the order in which they are worked on.

Those from networks most of whose requests are refused wait behind the others: whoever floods the server waits
for the flood, and nobody else does. None is turned away for it. A worker answers them one at a time, which
matters only while it has more to do than it can: its threads share one processor.
"""

import time
from collections import deque
from collections.abc import Callable

from audit.ip_addresses import network_of
from server.journal.sent import address_of
from server.workers.exchange import Exchange

# Requests of a network wait behind the others' once so many more of them were refused than granted, in this
# window or the one before.
FEW, WINDOW_SECONDS = 2, 10.0
# Networks that are counted in a window.
MOST_NETWORKS = 10_000

GoesLast = Callable[[Exchange], bool]


class Precedence:
    """Knows whose requests wait behind the others': from networks of which most are refused in this worker.

    Two threads that count at the same time may count one; nothing depends on the exact number.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        # By network: how many were refused, less how many were granted since the first that was.
        self.refused: dict[str, int] = {}
        self.refused_before: dict[str, int] = {}

    def note(self, exchange: Exchange, *, is_refused: bool) -> None:
        """Count an answer; of networks none of whose requests were refused, nothing is."""
        if not (is_refused or self.refused):
            return
        if time.monotonic() >= self.began + WINDOW_SECONDS:
            self.begin()
        network = network_of(address_of(exchange.environ))
        if network in self.refused or (is_refused and network and len(self.refused) < MOST_NETWORKS):
            self.refused[network] = self.refused.get(network, 0) + (1 if is_refused else -1)

    def begin(self) -> None:
        """Begin another window, beside the one before if that has just ended."""
        now = time.monotonic()
        is_next = now < self.began + 2 * WINDOW_SECONDS
        self.began, self.refused_before, self.refused = now, self.refused if is_next else {}, {}

    def goes_last(self, exchange: Exchange) -> bool:
        """Return whether a request waits behind the others; a probe never does."""
        if not (self.refused or self.refused_before) or (exchange.endpoint and exchange.endpoint.is_probe):
            return False
        if time.monotonic() >= self.began + WINDOW_SECONDS:
            self.begin()
        network = network_of(address_of(exchange.environ))
        return self.refused.get(network, 0) >= FEW or self.refused_before.get(network, 0) >= FEW


class Line:
    """Requests that wait. Any thread may add and take.

    Args:
        goes_last: says which wait behind the others.
    """

    def __init__(self, goes_last: GoesLast) -> None:
        self.goes_last = goes_last
        self.first: deque[Exchange] = deque()
        self.last: deque[Exchange] = deque()

    def append(self, exchange: Exchange) -> None:
        """Let a request wait."""
        (self.last if self.goes_last(exchange) else self.first).append(exchange)

    def popleft(self) -> Exchange:
        """Take the request whose turn it is.

        Raises:
            IndexError: when none waits.
        """
        try:
            return self.first.popleft()
        except IndexError:
            return self.last.popleft()

    def remove(self, exchange: Exchange) -> None:
        """Let a request wait no longer.

        Raises:
            ValueError: when it does not.
        """
        try:
            self.first.remove(exchange)
        except ValueError:
            self.last.remove(exchange)

    def copy(self) -> list[Exchange]:
        """Return the requests that wait now."""
        return [*self.first.copy(), *self.last.copy()]

    def __len__(self) -> int:
        return len(self.first) + len(self.last)
