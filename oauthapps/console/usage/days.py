"""Usage day by day: the numbers."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from oauthapps.console.usage.periods import Period
from oauthapps.models import Application, PersonSeen, UsageCount
from oauthapps.models.usage import UsageCountQuerySet, UsageKind


@dataclass(frozen=True, kw_only=True)
class Day:
    """What was counted on a day in UTC."""

    day: date
    issued: int = 0
    refreshed: int = 0
    refused: int = 0
    people: int = 0

    @property
    def tokens(self) -> int:
        """How often tokens were issued or refreshed."""
        return self.issued + self.refreshed


def days_of(application: Application, period: Period) -> list[Day]:
    """Return what was counted of an application, in two statements, the first day first."""
    counts = UsageCount.objects.filter(application=application)
    seen = PersonSeen.objects.filter(application=application, day__gte=period.first)
    people = dict(seen.values_list("day").annotate(Count("pk")).order_by())
    return [
        # Rows of people stay until their day is counted.
        Day(
            day=day,
            people=max(counted, people.get(day, 0)),
            issued=issued,
            refreshed=refreshed,
            refused=refused,
        )
        for day, issued, refreshed, refused, counted in _by_day(counts, period)
    ]


def days_of_all(period: Period) -> list[Day]:
    """Return what was counted of all applications, in one statement, the first day first.

    People are left out: whoever uses two applications would be two of them.
    """
    return [
        Day(day=day, issued=issued, refreshed=refreshed, refused=refused)
        for day, issued, refreshed, refused, _ in _by_day(UsageCount.objects.all(), period)
    ]


def _by_day(counts: UsageCountQuerySet, period: Period) -> list[tuple[date, int, int, int, int]]:
    """Return the sums of some counts for each day of a period."""
    own = counts.of_kind(UsageKind.APPLICATION).since(period.first)
    sums = (
        own.values_list("day")
        .order_by()
        .annotate(Sum("issued"), Sum("refreshed"), Sum("refused"), Sum("people"))
    )
    found = {row[0]: row for row in sums}
    return [found.get(day, (day, 0, 0, 0, 0)) for day in period.days]
