"""The charts of usage pages, each with a sentence and its numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from oauthapps.console.charts import Chart, bar_chart
from oauthapps.console.usage.days import Day
from oauthapps.console.usage.periods import short

Series = dict[str, Callable[[Day], int]]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A chart with what it shows as a sentence and as numbers.

    Attributes:
        key: names it on its page.
        title: what it is about.
        sentence: what it comes to.
        columns: what its series are called.
        rows: the numbers of each day, the latest first.
        chart: the chart; None where all numbers are zero.
        first: the first day.
        last: the last day.
    """

    key: str
    title: str
    sentence: str
    columns: Sequence[str]
    rows: list[tuple[date, list[int]]]
    chart: Chart | None
    first: date
    last: date


def tokens_panel(days: Sequence[Day]) -> Panel:
    """Return the chart of tokens that were issued and refreshed."""
    series: Series = {"Issued": lambda day: day.issued, "Refreshed": lambda day: day.refreshed}
    return _panel("tokens", "Tokens", _of_tokens(days), days, series)


def refused_panel(days: Sequence[Day]) -> Panel:
    """Return the chart of requests that were refused."""
    return _panel(
        "refused", "Refused requests", _of_refusals(days), days, {"Refused": lambda day: day.refused}
    )


def people_panel(days: Sequence[Day]) -> Panel:
    """Return the chart of the people that tokens were issued or refreshed for."""
    return _panel("people", "People", _of_people(days), days, {"People": lambda day: day.people})


def _panel(key: str, title: str, sentence: str, days: Sequence[Day], series: Series) -> Panel:
    numbers = [[value(day) for day in days] for value in series.values()]
    return Panel(
        key=key,
        title=title,
        sentence=sentence,
        columns=list(series),
        rows=[(day.day, [value(day) for value in series.values()]) for day in reversed(days)],
        chart=bar_chart([short(day.day) for day in days], numbers) if any(map(any, numbers)) else None,
        first=days[0].day,
        last=days[-1].day,
    )


def _of_tokens(days: Sequence[Day]) -> str:
    issued, refreshed = sum(day.issued for day in days), sum(day.refreshed for day in days)
    if not issued + refreshed:
        return f"No tokens were issued or refreshed in the last {len(days)} days."
    most = max(days, key=lambda day: day.tokens)
    return (
        f"{issued:,} token{_s(issued)} issued and {refreshed:,} refreshed in the last {len(days)} days, "
        f"most on {short(most.day)} ({most.tokens:,})."
    )


def _of_refusals(days: Sequence[Day]) -> str:
    refused = sum(day.refused for day in days)
    if not refused:
        return f"No requests were refused in the last {len(days)} days."
    most = max(days, key=lambda day: day.refused)
    were = "was" if refused == 1 else "were"
    return (
        f"{refused:,} request{_s(refused)} {were} refused in the last {len(days)} days, "
        f"most on {short(most.day)} ({most.refused:,})."
    )


def _of_people(days: Sequence[Day]) -> str:
    most = max(days, key=lambda day: day.people)
    if not most.people:
        return f"No tokens were issued or refreshed for people in the last {len(days)} days."
    people = "person" if most.people == 1 else "people"
    return f"Up to {most.people:,} {people} a day in the last {len(days)} days, most on {short(most.day)}."


def _s(number: int) -> str:
    return "" if number == 1 else "s"
