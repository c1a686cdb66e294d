"""The last seven days of applications, for their list."""

from collections.abc import Iterable
from dataclasses import dataclass

from oauthapps.console.charts import Chart, bar_chart
from oauthapps.console.usage.periods import WEEK, Period, short
from oauthapps.models import Application, UsageCount
from oauthapps.models.usage import UsageKind


@dataclass(frozen=True, kw_only=True)
class Week:
    """The tokens of an application in the last seven days.

    Attributes:
        total: how many were issued or refreshed.
        chart: how many on each day.
    """

    total: int
    chart: Chart


def weeks_of(applications: Iterable[Application]) -> dict[int, Week]:
    """Return the last seven days of some applications by primary key, in one statement."""
    period = Period.of_days(WEEK)
    found = {application.pk: dict.fromkeys(period.days, 0) for application in applications}
    counts = UsageCount.objects.of_kind(UsageKind.APPLICATION).since(period.first)
    rows = counts.filter(application__in=list(found), day__lte=period.last)
    for pk, day, issued, refreshed in rows.values_list("application", "day", "issued", "refreshed"):
        found[pk][day] = issued + refreshed
    labels = [short(day) for day in period.days]
    return {
        pk: Week(total=sum(days.values()), chart=bar_chart(labels, [list(days.values())]))
        for pk, days in found.items()
    }
