"""How long a refresh token may live, and the sentence that tells an administrator what that means for people.

Months and years have a fixed length here (6 months = 183 days, a year = 365 days), so that both ends of a
token are plain additions wherever they are worked out: in Python, in SQL, in the administrator's head.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.times import short_date, short_time
from oauthapps.errors import InvalidLifetimeError


class Lifetime(models.TextChoices):
    """The offered values: stored and typed in commands as the short code, shown as the label."""

    ONE_HOUR = "1h", "1 hour"
    EIGHT_HOURS = "8h", "8 hours"
    ONE_DAY = "1d", "1 day"
    SEVEN_DAYS = "7d", "7 days"
    FOURTEEN_DAYS = "14d", "14 days"
    THIRTY_DAYS = "30d", "30 days"
    SIXTY_DAYS = "60d", "60 days"
    NINETY_DAYS = "90d", "90 days"
    SIX_MONTHS = "6m", "6 months"
    ONE_YEAR = "1y", "1 year"
    TWO_YEARS = "2y", "2 years"
    NO_EXPIRATION = "none", "No expiration"


# What a new application starts with.
DEFAULT_ABSOLUTE = Lifetime.ONE_YEAR
DEFAULT_INACTIVITY = Lifetime.SIX_MONTHS

_DELTAS: dict[Lifetime, timedelta | None] = {
    Lifetime.ONE_HOUR: timedelta(hours=1),
    Lifetime.EIGHT_HOURS: timedelta(hours=8),
    Lifetime.ONE_DAY: timedelta(days=1),
    Lifetime.SEVEN_DAYS: timedelta(days=7),
    Lifetime.FOURTEEN_DAYS: timedelta(days=14),
    Lifetime.THIRTY_DAYS: timedelta(days=30),
    Lifetime.SIXTY_DAYS: timedelta(days=60),
    Lifetime.NINETY_DAYS: timedelta(days=90),
    Lifetime.SIX_MONTHS: timedelta(days=183),
    Lifetime.ONE_YEAR: timedelta(days=365),
    Lifetime.TWO_YEARS: timedelta(days=730),
    Lifetime.NO_EXPIRATION: None,
}

_ROTATED = "Every refresh replaces the token."
_NOT_ROTATED = "The token isn't replaced, so a stolen copy keeps working."


def parse_lifetime(code: str) -> Lifetime:
    """Read a lifetime from a form or a command.

    Args:
        code: one of the short codes, such as "30d".

    Returns:
        The lifetime.

    Raises:
        InvalidLifetimeError: if it is none of the offered values.
    """
    try:
        return Lifetime(code)
    except ValueError:
        offered = ", ".join(Lifetime.values)
        raise InvalidLifetimeError(f"This lifetime is not offered: choose one of {offered}.") from None


def delta(code: str) -> timedelta | None:
    """Work out how long a lifetime is.

    Args:
        code: a `Lifetime` or its short code.

    Returns:
        The time span, or None for "No expiration".

    Raises:
        InvalidLifetimeError: if it is none of the offered values.
    """
    return _DELTAS[parse_lifetime(code)]


def is_longer(code: str, than: str) -> bool:
    """Return whether a lifetime is longer than another; "No expiration" is the longest."""
    ours, theirs = delta(code), delta(than)
    return theirs is not None and (ours is None or ours > theirs)


class Expirations(NamedTuple):
    """The ends of a refresh token, two of them worked out from its application's present settings.

    Attributes:
        started_at: when its first grant began.
        absolute: the lifetime that counts from there.
        last_active_at: when its person was last active here.
        inactivity: the lifetime that counts from there.
        allowed_until: the time limit that its person chose; None for none.
    """

    started_at: datetime
    absolute: str
    last_active_at: datetime
    inactivity: str
    allowed_until: datetime | None = None

    @property
    def absolute_end(self) -> datetime | None:
        """When it ends in any case; None for never."""
        lifetime = delta(self.absolute)
        return self.started_at + lifetime if lifetime else None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nobody does anything: the earliest of them, or None for never."""
        lifetime = delta(self.inactivity)
        return earliest(
            self.absolute_end, self.last_active_at + lifetime if lifetime else None, self.allowed_until
        )

    @property
    def have_passed(self) -> bool:
        """Whether one of them has passed."""
        end = self.ends_at
        return end is not None and end <= timezone.now()


def earliest(*ends: datetime | None) -> datetime | None:
    """Return the first of several ends, of which None never comes; None if none ever does."""
    return min((end for end in ends if end), default=None)


def last_end(absolute: str, *, since: datetime, allowed_until: datetime | None) -> datetime | None:
    """Return when access ends however active its person is; None for never.

    Args:
        absolute: how long a refresh token lives in any case, a `Lifetime` or its code.
        since: when the access was allowed.
        allowed_until: the time limit that the person chose; None for none.
    """
    lifetime = delta(absolute)
    return earliest(since + lifetime if lifetime else None, allowed_until)


def over_after(span: timedelta) -> list[Lifetime]:
    """Return the lifetimes that are over once so much time has passed; "No expiration" never is."""
    return [choice for choice, lifetime in _DELTAS.items() if lifetime is not None and lifetime <= span]


def effect_sentence(absolute: str, inactivity: str, *, rotation: bool | None = None) -> str:
    """Say what two expirations together mean for the people who use the application.

    Args:
        absolute: how long a refresh token lives in any case, a `Lifetime` or its code.
        inactivity: how long it lives while its person is away, likewise.
        rotation: whether every refresh replaces the token; None to say nothing about it.

    Returns:
        One sentence, followed where inactivity matters by what inactivity means, and by what rotation does.

    Raises:
        InvalidLifetimeError: if either is none of the offered values.
    """
    ends, idles = parse_lifetime(absolute), parse_lifetime(inactivity)
    sentences = [_when_people_sign_in_again(ends, idles)]
    if _inactivity_matters(ends, idles):
        sentences.append(f"Inactivity means not using {settings.PRODUCT_NAME}; token refreshes don't count.")
    if rotation is not None:
        sentences.append(_ROTATED if rotation else _NOT_ROTATED)
    return " ".join(sentences)


def until_sentence(
    absolute: str, inactivity: str, *, since: datetime, allowed_until: datetime | None = None
) -> str:
    """Say to a person until when an application that keeps access has it.

    Args:
        absolute: how long a refresh token lives in any case, a `Lifetime` or its code.
        inactivity: how long it lives while its person is away, likewise.
        since: when the access was, or would be, allowed.
        allowed_until: the time limit that the person chose; None for none.

    Returns:
        One sentence that begins with "Until".

    Raises:
        InvalidLifetimeError: if either is none of the offered values.
    """
    idles, product = parse_lifetime(inactivity), settings.PRODUCT_NAME
    lifetime, idle = delta(absolute), _DELTAS[idles]
    end = last_end(absolute, since=since, allowed_until=allowed_until)
    if end is None:
        return f"Until you haven't used {product} for {idles.label}." if idle else "Until you revoke it."
    is_short = lifetime is not None and lifetime < timedelta(days=1)
    said = short_time(end) if is_short or end == allowed_until else short_date(end)
    if idle and since + idle < end:
        return f"Until {said}, or sooner if you don't use {product} for {idles.label}."
    return f"Until {said}."


def _when_people_sign_in_again(absolute: Lifetime, inactivity: Lifetime) -> str:
    if _DELTAS[absolute] is None and _DELTAS[inactivity] is None:
        return "Access lasts until the user or an administrator revokes it."
    if _DELTAS[inactivity] is None:
        return f"Users must sign in again {_every(absolute)}, even if they're active."
    if _DELTAS[absolute] is None:
        return (
            f"Users must sign in again after {inactivity.label} of inactivity. Active users stay signed in."
        )
    if _inactivity_matters(absolute, inactivity):
        idle = f"after {inactivity.label} of inactivity"
        return f"Users must sign in again {idle}, and at least {_once_in(absolute)}."
    return (
        f"Users must sign in again {_every(absolute)}, even if they're active, "
        f"so the inactivity expiration ({inactivity.label}) never takes effect."
    )


def _every(lifetime: Lifetime) -> str:
    """Write how often something happens, such as "every year" or "every 30 days"."""
    return f"every {lifetime.label.removeprefix('1 ')}"


def _once_in(lifetime: Lifetime) -> str:
    """Write how often something happens at least, such as "once a year" or "once every 30 days"."""
    unit = lifetime.label.removeprefix("1 ")
    if unit == lifetime.label:
        return f"once every {unit}"
    return f"once {'an' if unit == 'hour' else 'a'} {unit}"


def _inactivity_matters(absolute: Lifetime, inactivity: Lifetime) -> bool:
    """Tell whether inactivity can end a token first: consent is activity, so it starts no earlier."""
    ends, idles = _DELTAS[absolute], _DELTAS[inactivity]
    return idles is not None and (ends is None or idles < ends)
