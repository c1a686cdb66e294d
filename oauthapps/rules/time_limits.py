"""How long people let an application keep access, within what its own settings allow."""

from datetime import datetime, timedelta

from django.db import models


class TimeLimit(models.TextChoices):
    """What people can choose: sent by forms as the short code, shown as the label."""

    UNTIL_REVOKED = "until_revoked", "Until I revoke it"
    THIRTY_DAYS = "30d", "30 days"
    ONE_DAY = "1d", "1 day"

    def end(self, since: datetime) -> datetime | None:
        """Return when access ends that is limited at a time; None where it is not limited."""
        length = LENGTHS[self]
        return since + length if length else None


# No access token lives longer than the shortest: none has to be shortened that was issued before.
LENGTHS = {
    TimeLimit.UNTIL_REVOKED: None,
    TimeLimit.THIRTY_DAYS: timedelta(days=30),
    TimeLimit.ONE_DAY: timedelta(days=1),
}


def limits_before(end: datetime | None, now: datetime) -> list[tuple[TimeLimit, datetime]]:
    """Return the limits that would shorten an access, each with its end.

    Args:
        end: when the access ends otherwise; None for never.
        now: when it would be limited.
    """
    ends = [(limit, limit.end(now)) for limit in TimeLimit]
    return [(limit, at) for limit, at in ends if at is not None and (end is None or at < end)]
