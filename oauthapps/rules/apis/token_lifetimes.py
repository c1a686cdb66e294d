"""How long an access token may live: what its API and its application can say."""

import re

from common.words import span_in_words
from oauthapps.errors import InvalidLifetimeError

SHORTEST_SECONDS = 5 * 60
DEFAULT_SECONDS = 60 * 60
LONGEST_SECONDS = 24 * 60 * 60
# What pages offer; the command line takes any in between.
OFFERED_SECONDS = (
    *(60 * minutes for minutes in (5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 4, 8, 12, 24)),
)
AS_THE_API_SAYS = "Same as the API"

_LIFETIME = re.compile(r"([1-9][0-9]{0,4})(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse_lifetime(text: str) -> int:
    """Return the seconds of an access token lifetime such as `15m`, `24h` or `900s`.

    Raises:
        InvalidLifetimeError: when it is none, or outside 5 minutes to 24 hours.
    """
    match = _LIFETIME.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise InvalidLifetimeError("An access token can live from 5m to 24h.")
    return seconds


def lifetime_label(seconds: int | None) -> str:
    """Return the access token lifetime of an application as pages show it.

    Args:
        seconds: how long; None where the application leaves that to the APIs.
    """
    return AS_THE_API_SAYS if seconds is None else span_in_words(seconds)


def is_longer(seconds: int | None, than: int | None) -> bool:
    """Return whether an access token lifetime is longer than another; what the API says is the longest."""
    return than is not None and (seconds is None or seconds > than)
