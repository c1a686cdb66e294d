"""Counting failures, for all workers together, in as many rows as there are places, however much fails."""

from collections.abc import Sequence

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
