"""Dates and times as pages and emails show them: one format for all."""

from datetime import UTC, date, datetime, time, timedelta


def short_date(at: datetime) -> str:
    """Return the day of a time in UTC, such as "Nov 27, 2026"."""
    at = at.astimezone(UTC)
    return f"{at:%b} {at.day}, {at.year}"


def short_time(at: datetime) -> str:
    """Return a time in UTC to the minute, such as "Nov 27, 2026, 15:04 UTC".

    With 24 hours, as the logs and the responses of the API have it.
    """
    return f"{short_date(at)}, {at.astimezone(UTC):%H:%M} UTC"


def end_of(last_day: date) -> datetime:
    """Return when something ends that lasts through a day: at midnight UTC at the end of it."""
    return datetime.combine(last_day, time.min, UTC) + timedelta(days=1)


def last_day_of(ends_at: datetime) -> date:
    """Return the last day, in UTC, of something that ends at a time."""
    return (ends_at.astimezone(UTC) - timedelta(microseconds=1)).date()


def within_days(field: str, first: date | None, last: date | None) -> dict[str, datetime]:
    """Return the conditions that a time is in a span of days in UTC, as a queryset's `filter` takes them.

    Args:
        field: the field that has the time.
        first: the first day; None leaves that side open.
        last: the last day, likewise.
    """
    conditions = {}
    if first:
        conditions[f"{field}__gte"] = datetime.combine(first, time.min, UTC)
    if last:
        conditions[f"{field}__lte"] = datetime.combine(last, time.max, UTC)
    return conditions
