"""Counting failures, for all workers together, in as many rows as there are places, however much fails."""

from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.crypto import salted_hmac

from oauthapps.sql.execution import fetch_all

# What is counted shares so many rows, whoever fails and however often. What falls into the same row follows
# from SECRET_KEY, so that nobody can fail in the place of somebody else.
PLACES = 2**16

# One statement adds one, or begins to count again in a new window: two would lose counts.
COUNT = """
INSERT INTO oauthapps_failurecount (name, began, count) VALUES {rows}
ON CONFLICT (name) DO UPDATE SET
  count = CASE WHEN oauthapps_failurecount.began = excluded.began
               THEN oauthapps_failurecount.count + 1 ELSE 1 END,
  began = excluded.began
RETURNING name, count
"""


class Exhausted:
    """What has failed too often in the present window, as this process has heard: it is not counted on.

    So a flood of failures costs the database a look-up each and no row to write.
    """

    def __init__(self) -> None:
        self.window: tuple[int, set[str]] = 0, set()

    def present(self, seconds: int) -> set[str]:
        """Return the names; none where a new window of so many seconds has begun."""
        began = window_began(seconds)
        if began != self.window[0]:
            self.window = began, set()
        return self.window[1]


exhausted = Exhausted()


def exceeded(limits: Mapping[str, int], seconds: int) -> str | None:
    """Count one failure under each of some names, and return one whose limit that goes beyond.

    Args:
        limits: how many failures each name may have in a window.
        seconds: how long a window is; the same for all callers.
    """
    known = exhausted.present(seconds)
    if known.isdisjoint(limits):
        counts = count_failure([*limits], seconds)
        known.update(name for name, count in zip(limits, counts, strict=True) if count > limits[name])
    return next((name for name in limits if name in known), None)


def seconds_left(seconds: int) -> int:
    """Return after how many seconds the present window is over."""
    return window_began(seconds) + seconds - int(timezone.now().timestamp())


def count_failure(names: Sequence[str], seconds: int) -> list[int]:
    """Count one failure under each of some names, in one statement.

    Where there are very many names at once two of them may be counted as one.

    Args:
        names: what failed.
        seconds: how long a window is; each begins to count anew.

    Returns:
        How many failures there have been in the present window, for each name.
    """
    # In the order of what must be unique, so that two that count the same do not wait each for the other.
    places = [place_of(name) for name in names]
    distinct = sorted(set(places))
    rows = ", ".join(f"(%(place_{number})s, %(began)s, 1)" for number in range(len(distinct)))
    values = {f"place_{number}": place for number, place in enumerate(distinct)}
    counts: dict[str, int] = dict(
        fetch_all(COUNT.format(rows=rows), {**values, "began": window_began(seconds)})
    )
    return [counts[place] for place in places]


def window_began(seconds: int) -> int:
    """Return when the present window of so many seconds began, in seconds since the epoch."""
    return int(timezone.now().timestamp()) // seconds * seconds


def place_of(name: str) -> str:
    """Return the place in which a name is counted."""
    return f"{int(salted_hmac('failure counts', name, algorithm='sha256').hexdigest(), 16) % PLACES:x}"
