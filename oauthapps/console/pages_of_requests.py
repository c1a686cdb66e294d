"""The pages of a list of recorded requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from oauthapps.models import RecordedRequest
from oauthapps.models.requests import RecordedRequestQuerySet

REQUESTS_PER_PAGE = 50
LARGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page begins: behind a request, by its time and its primary key.

    Pages begin at a request and not at a number: counting and skipping would cost more the more there are. A
    row that moves to the front meanwhile, because the same came again, leaves the others where they are.
    """

    at: datetime
    pk: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the place that a query names; None where it names none."""
        microseconds, _, pk = text.partition("-")
        if not (is_number(microseconds) and is_number(pk)):
            return None
        try:
            return cls(at=EPOCH + int(microseconds) * MICROSECOND, pk=int(pk))
        except OverflowError:
            return None

    @classmethod
    def behind(cls, row: RecordedRequest) -> Self:
        """Return the place behind a request."""
        return cls(at=row.at, pk=row.pk)

    def __str__(self) -> str:
        """Write it for a query."""
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.pk}"


def is_number(text: str) -> bool:
    """Return whether a text is a number that a column may have."""
    return text.isascii() and text.isdecimal() and len(text) < len(str(LARGEST))


def page_of(
    found: RecordedRequestQuerySet, place: Place | None
) -> tuple[list[RecordedRequest], Place | None]:
    """Return the requests of one page, and where the next page begins, if there is one."""
    if place is not None:
        found = found.behind(place.at, place.pk)
    rows = list(found.select_related("application")[: REQUESTS_PER_PAGE + 1])
    shown = rows[:REQUESTS_PER_PAGE]
    return shown, Place.behind(shown[-1]) if len(rows) > REQUESTS_PER_PAGE else None
