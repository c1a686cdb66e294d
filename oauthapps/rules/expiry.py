"""Through which day a client secret or key works, and until when one can be told to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from common.times import end_of, last_day_of
from oauthapps.errors import InvalidExpiryError

# What forms offer, in days from today.
OFFERED_DAYS = (30, 90, 180, 365)
# How far ahead a day of choice may be: ten years.
LONGEST_DAYS = 3650


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days that can be chosen as the last one.

    Attributes:
        first: the first of them, in UTC.
        last: the last of them, in UTC.
        may_be_never: whether it can also go on until somebody deletes it.
        most_days: how long the organization lets it live at most; None for as long as anybody likes.
    """

    first: date
    last: date
    may_be_never: bool = True
    most_days: int | None = None

    def end_of(self, last_day: date | None) -> datetime | None:
        """Return when something expires whose last day was chosen; None for never.

        Raises:
            InvalidExpiryError: when that can't be chosen.
        """
        if last_day is None and self.may_be_never:
            return None
        if self.last < self.first:
            raise InvalidExpiryError(
                f"It can't work longer: {self.rule}. Add a new one, then delete this one."
            )
        if last_day is None:
            raise InvalidExpiryError(f"Choose a day no later than {self.last} (UTC): {self.rule}.")
        if last_day < self.first:
            raise InvalidExpiryError("Choose today or a later day (UTC).")
        if last_day > self.last:
            rule = f": {self.rule}" if self.most_days else ""
            raise InvalidExpiryError(f"Choose a day no later than {self.last} (UTC){rule}.")
        return end_of(last_day)

    @property
    def rule(self) -> str:
        """What the organization's rule is, in words."""
        return f"the organization lets client secrets live for at most {self.most_days} days"


def days_of_new(now: datetime, most_days: int | None = None) -> Days:
    """Return the days through which something new can work.

    Args:
        now: the time of asking.
        most_days: how long it may live at most; None for as long as anybody likes.
    """
    today = now.astimezone(UTC).date()
    last = today + timedelta(days=most_days or LONGEST_DAYS)
    return Days(first=today, last=last, may_be_never=most_days is None, most_days=most_days)


def days_of_existing(
    now: datetime, most_days: int | None, *, created_at: datetime, expires_at: datetime | None
) -> Days:
    """Return the days through which something that exists can work from now on.

    A rule that is stricter than when it was made doesn't cut it short; but it can't be made to live longer
    than the rule says, only shorter.

    Args:
        now: the time of asking.
        most_days: how long it may live at most, since it was made; None for as long as anybody likes.
        created_at: when it was made.
        expires_at: when it expires now; None for never.
    """
    anything = days_of_new(now)
    if most_days is None:
        return anything
    by_rule = created_at.astimezone(UTC).date() + timedelta(days=most_days)
    as_it_is = last_day_of(expires_at) if expires_at else anything.last
    return Days(
        first=anything.first,
        last=max(by_rule, as_it_is),
        may_be_never=expires_at is None,
        most_days=most_days,
    )


def is_longer(last_day: date | None, than: date | None) -> bool:
    """Return whether a last day is later than another; None, for never, is the latest."""
    return than is not None and (last_day is None or last_day > than)


def in_words(expires_at: datetime | None) -> str:
    """Return when something expires as events have it: the last day in UTC, or "Never"."""
    return f"{last_day_of(expires_at)}" if expires_at else "Never"
