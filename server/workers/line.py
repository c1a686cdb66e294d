"""The requests that wait for a permit, in the order in which they are worked on.

Those from networks whose requests are refused by the dozen wait behind the others: whoever floods the server
waits for the flood, and nobody else does. None is turned away for it. A worker answers them one at a time.
"""

import time
from collections import Counter, deque
from collections.abc import Callable

from audit.ip_addresses import network_of
from server.journal.sent import address_of
from server.workers.environ import Environ
from server.workers.exchange import Exchange

# After so many refused requests in a window a network's requests wait behind the others' for as long again.
MANY, WINDOW_SECONDS = 20, 30.0
# Networks that are counted in a window.
MOST_NETWORKS = 10_000

GoesLast = Callable[[Environ], bool]


class Precedence:
    """Knows whose requests wait behind the others', by how many were refused in this worker.

    Two threads that count at the same time may count one; nothing depends on the exact number.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.refused: Counter[str] = Counter()
        self.last_until: dict[str, float] = {}

    def note_refused(self, environ: Environ) -> None:
        """Count a request that was refused."""
        now, network = time.monotonic(), network_of(address_of(environ))
        if now >= self.began + WINDOW_SECONDS:
            self.begin(now)
        if network in self.refused or len(self.refused) < MOST_NETWORKS:
            self.refused[network] += 1
            if self.refused[network] >= MANY:
                self.last_until[network] = now + WINDOW_SECONDS

    def begin(self, now: float) -> None:
        """Count anew from a time by the clock of `time.monotonic`, and forget whose time is over."""
        self.began, self.refused = now, Counter()
        self.last_until = {network: until for network, until in self.last_until.copy().items() if until > now}

    def goes_last(self, environ: Environ) -> bool:
        """Return whether a request waits behind the others."""
        if not self.last_until:
            return False
        return self.last_until.get(network_of(address_of(environ)), 0.0) > time.monotonic()


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
        (self.last if self.goes_last(exchange.environ) else self.first).append(exchange)

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
