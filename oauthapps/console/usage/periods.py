"""Which days usage is shown for."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Self

from django.utils import timezone

CHOICES = (7, 30, 90)
DEFAULT = 30
WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Period:
    """So many days in UTC, the last of which is today.

    Attributes:
        number: how many.
        last: the last of them.
    """

    number: int
    last: date

    @classmethod
    def of_days(cls, number: int) -> Self:
        """Return the period of so many days until now."""
        return cls(number=number, last=timezone.now().astimezone(UTC).date())

    @classmethod
    def asked_for(cls, text: str) -> Self:
        """Return the period that a query names; what is none of the choices is as good as nothing."""
        return cls.of_days(next((number for number in CHOICES if text == str(number)), DEFAULT))

    @property
    def first(self) -> date:
        """The first of its days."""
        return self.last - timedelta(days=self.number - 1)

    @property
    def days(self) -> list[date]:
        """Its days, the first one first."""
        return [self.first + timedelta(days=number) for number in range(self.number)]

    @property
    def query(self) -> str:
        """The query that asks for it."""
        return f"days={self.number}"

    @property
    def choices(self) -> list[tuple[int, bool]]:
        """The numbers of days to choose from, each with whether it is this period's."""
        return [(number, number == self.number) for number in CHOICES]


def short(day: date) -> str:
    """Return a day of this year or the last, such as "Nov 27"."""
    return f"{day:%b} {day.day}"
