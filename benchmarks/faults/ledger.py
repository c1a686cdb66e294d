"""What clients were given, and what became of it."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from benchmarks.faults.seeding import CHAINS, CODES, code, refresh_token

# Access tokens that are over before this many seconds are not looked at any more.
MARGIN_SECONDS = 60
# Out of so many codes and assertions one is sent again at once; all others at the end.
ONE_IN = 8
# So many access tokens, the latest, are those that are introspected and sent.
LATEST = 3000


@dataclass(kw_only=True)
class Ledger:
    """What clients were given, and what became of it.

    Attributes:
        access_tokens: those received, with when they are over by the clock of `time.monotonic`.
        refresh_tokens: those received that were not used yet, by the client that has them.
        replaced: refresh tokens whose successor was used.
        codes: those that brought tokens.
        assertions: those that brought a token.
        unanswered: codes and assertions that were used up although no answer came.
        lost: what was given and is refused.
        twice: what was used and brought something again.
        wrong: answers that nobody should get.
        clock: how many hours the server's clock is ahead; below 0, behind.
    """

    access_tokens: list[tuple[str, float]] = field(default_factory=list)
    refresh_tokens: dict[object, str] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    unanswered: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    twice: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    clock: int = 0

    def receive(self, reply: dict[str, str | int]) -> None:
        """Keep an access token that was received, unless it will be over when the clock is right again."""
        if self.clock < 0:
            return
        over = time.monotonic() + int(reply["expires_in"])
        self.access_tokens.append((str(reply["access_token"]), over))

    def some_access_token(self) -> str:
        """Return one of the latest access tokens; nothing before there is one."""
        if not self.access_tokens:
            return ""
        latest = min(len(self.access_tokens), LATEST)
        return self.access_tokens[-random.randint(1, latest)][0]  # noqa: S311  # no secret

    def living(self) -> list[str]:
        """Return the access tokens that must be good."""
        now = time.monotonic() + MARGIN_SECONDS
        return [token for token, over in self.access_tokens if over > now]

    def lose(self, what: str) -> None:
        """Note that something given is refused, unless a wrong clock explains it."""
        if self.clock == 0:
            self.lost[what] += 1


@dataclass(frozen=True)
class Stock:
    """The seeded codes and refresh tokens of a database, each handed out once."""

    codes: Iterator[str] = field(default_factory=lambda: map(code, range(CODES)))
    refresh_tokens: Iterator[str] = field(default_factory=lambda: map(refresh_token, range(CHAINS)))
    numbers: Iterator[int] = field(default_factory=count)
