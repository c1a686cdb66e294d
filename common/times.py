"""Dates and times as pages and emails show them: one format for all."""

from datetime import UTC, datetime


def short_date(at: datetime) -> str:
    """Return the day of a time in UTC, such as "Nov 27, 2026"."""
    at = at.astimezone(UTC)
    return f"{at:%b} {at.day}, {at.year}"


def short_time(at: datetime) -> str:
    """Return a time in UTC to the minute, such as "Nov 27, 2026, 15:04 UTC".

    With 24 hours, as the logs and the responses of the API have it.
    """
    return f"{short_date(at)}, {at.astimezone(UTC):%H:%M} UTC"
