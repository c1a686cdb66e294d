"""The requests that wait for a permit, in the order in which they are worked on.

Those from networks most of whose requests are granted go first, and those from networks most of whose
requests are refused go last: whoever floods the server waits for the flood, and nobody else does. None is
turned away for it. Those that go last are worked on one at a time, and not all the time while others come:
the threads of a worker share one processor, and all workers the database.
"""

import time
from collections import deque
from enum import IntEnum

from audit.ip_addresses import network_of
from server.journal.sent import address_of
from server.workers.exchange import Exchange

# Requests of a network go last once so many more of them were refused than granted, in this window and the
# one before.
FEW, WINDOW_SECONDS = 2, 10.0
# Networks that are counted in a window.
MOST_NETWORKS = 10_000


class Turn(IntEnum):
    """When a request is worked on where several wait."""

    FIRST = 0
    NEXT = 1
    LAST = 2


class Precedence:
    """Knows whose requests are worked on first, from what this worker has answered in the last two windows.

    Two threads that count at the same time may count one; nothing depends on the exact number.

    Attributes:
        others_came_at: when the last request came that does not go last, by the clock of `time.monotonic`.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.others_came_at = float("-inf")
        # By network: how many were refused, less how many were granted.
        self.refused: dict[str, int] = {}
        self.refused_before: dict[str, int] = {}

    def note(self, exchange: Exchange, *, is_refused: bool) -> None:
        """Count an answer."""
        self.begin_window_if_due()
        network = network_of(address_of(exchange.environ))
        if network and (network in self.refused or len(self.refused) < MOST_NETWORKS):
            self.refused[network] = self.refused.get(network, 0) + (1 if is_refused else -1)

    def begin_window_if_due(self) -> None:
        """Begin another window when one has ended, beside it if it has just ended."""
        now = time.monotonic()
        if now >= self.began + WINDOW_SECONDS:
            is_next = now < self.began + 2 * WINDOW_SECONDS
            self.began, self.refused_before, self.refused = now, self.refused if is_next else {}, {}

    def place(self, exchange: Exchange) -> None:
        """Say when a request is worked on, and note that it came."""
        exchange.turn = self.turn_of(exchange)
        if exchange.turn != Turn.LAST:
            self.others_came_at = time.monotonic()

    def turn_of(self, exchange: Exchange) -> Turn:
        """Return when a request is worked on, by its network; a probe goes first."""
        if exchange.endpoint and exchange.endpoint.is_probe:
            return Turn.FIRST
        network = network_of(address_of(exchange.environ))
        refused = self.refused.get(network, 0) + self.refused_before.get(network, 0)
        if refused < 0:
            return Turn.FIRST
        return Turn.LAST if refused >= FEW else Turn.NEXT


class Line:
    """Requests that wait. Any thread may add and take.

    Args:
        precedence: knows who goes first.
    """

    def __init__(self, precedence: Precedence) -> None:
        self.precedence = precedence
        self.lanes: tuple[deque[Exchange], ...] = tuple(deque() for _ in Turn)

    def append(self, exchange: Exchange) -> None:
        """Let a request wait, which has been placed."""
        self.lanes[exchange.turn].append(exchange)

    def popleft(self) -> Exchange:
        """Take the request whose turn it is, by what is known now.

        Raises:
            IndexError: when none waits.
        """
        for turn, lane in enumerate(self.lanes):
            while lane:
                exchange = lane.popleft()
                self.precedence.place(exchange)
                if exchange.turn <= turn:
                    return exchange
                self.append(exchange)
        raise IndexError("nothing waits")

    def remove(self, exchange: Exchange) -> None:
        """Let a request wait no longer.

        Raises:
            ValueError: when it does not.
        """
        self.lanes[exchange.turn].remove(exchange)

    def copy(self) -> list[Exchange]:
        """Return the requests that wait now."""
        return [exchange for lane in self.lanes for exchange in lane.copy()]

    @property
    def can_be_overtaken(self) -> bool:
        """Whether a request waits that one which comes now might go before."""
        return any(self.lanes[Turn.NEXT :])

    @property
    def is_of_last(self) -> bool:
        """Whether only such wait as go last."""
        return not any(self.lanes[: Turn.LAST])

    def __len__(self) -> int:
        return sum(map(len, self.lanes))
