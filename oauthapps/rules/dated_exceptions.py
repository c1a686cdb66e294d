"""What a client may go on doing until a day, while its application moves in from the retiring service.

Everything else is judged as for any other client; so is this, once the day is over.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.db import models

from oauthapps.errors import InvalidExceptionError
from oauthapps.rules.app_types import TypeSpec

# How far ahead the last day of an exception may lie, and the `exp` of a JWT under one.
LONGEST_EXCEPTION = timedelta(days=366)
LONGEST_ASSERTION = timedelta(days=366)


class ExceptionKind(models.TextChoices):
    """What can be excepted."""

    LONG_ASSERTIONS = "long_assertions", "JWTs valid for more than 24 hours"
    REPEATED_JTI = "repeated_jti", "JWTs whose jti was used before"
    SESSION_ID_IN_URL = "session_id_in_url", "Access tokens in URLs (?sessionID=)"

    def fits(self, app_type: TypeSpec) -> bool:
        """Return whether clients of a type could need it: only some exchange JWTs."""
        return app_type.exchanges_jwts or self is ExceptionKind.SESSION_ID_IN_URL


class LastDays(NamedTuple):
    """The days that an exception added today may end on."""

    first: date
    last: date


def last_days(now: datetime) -> LastDays:
    """Return the days that an exception can be given as its last one.

    Args:
        now: the time of asking.
    """
    today = now.astimezone(UTC).date()
    return LastDays(today, today + LONGEST_EXCEPTION)


def checked_exceptions(
    exceptions: Mapping[str, date], app_type: TypeSpec, now: datetime
) -> dict[ExceptionKind, date]:
    """Return exceptions by kind, in the order of the kinds.

    One whose last day is over is no fault: it excepts nothing.

    Args:
        exceptions: the last day of each, by the value of its kind.
        app_type: the type of the application that they are for.
        now: the time of asking.

    Raises:
        InvalidExceptionError: when there is no such exception, the type has no use for it, or its day is too
            far ahead.
    """
    for value, last_day in exceptions.items():
        if value not in ExceptionKind.values:
            raise InvalidExceptionError(
                f"There is no exception {value!r}. Use one of {', '.join(ExceptionKind.values)}."
            )
        if not ExceptionKind(value).fits(app_type):
            raise InvalidExceptionError(f"The exception {value} is only for applications that exchange JWTs.")
        if last_day > (latest := last_days(now).last):
            raise InvalidExceptionError(f"The exception {value} can last until {latest} at most.")
    return {kind: exceptions[kind.value] for kind in ExceptionKind if kind.value in exceptions}
