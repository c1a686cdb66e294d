"""Checks of whether what is due is done."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.timesince import timesince

from audit.models import HousekeepingJob
from common.times import short_time
from oauthapps.services.cleanup import removal_overdue_since
from server.doctor.findings import Finding, ok, warning

# What the server does itself is done every few minutes; a timer may be as slow as it likes, up to this.
LATE, LATE_BY_TIMER = timedelta(minutes=20), timedelta(days=2)
# One failure may be chance.
FAILS_OFTEN = 3


def check_housekeeping() -> Iterator[Finding]:
    """Did housekeeping run lately, and does what it does succeed?"""
    jobs = HousekeepingJob.objects.all()
    failing = list(jobs.filter(failures__gte=FAILS_OFTEN).order_by("name"))
    for job in failing:
        yield warning(
            f"A job of housekeeping has failed {job.failures} times in a row: {job.label} ({job.failure}).",
            "Search the server's log for “Housekeeping failed”.",
        )
    latest = jobs.aggregate(latest=Max("ran_at"))["latest"]
    if latest is None:
        yield warning("Housekeeping has not run yet.", what_to_do())
    elif timezone.now() - latest > late_after():
        yield warning(f"Housekeeping last ran {span_since(latest)} ago.", what_to_do())
    elif not failing:
        yield ok(f"Housekeeping last ran at {short_time(latest)}.")


def check_expired_data() -> Iterator[Finding]:
    """Is what has expired deleted?"""
    since = removal_overdue_since()
    if since and timezone.now() - since > late_after():
        yield warning(
            f"Expired data that was due {span_since(since)} ago has not been deleted.", what_to_do()
        )
    else:
        yield ok("Expired data is deleted in time.")


def span_since(at: datetime) -> str:
    """Return how long ago that was, such as "2 days"."""
    return timesince(at, depth=1).replace("\xa0", " ")


def late_after() -> timedelta:
    """Return after how long something is late."""
    return LATE if settings.HOUSEKEEPING else LATE_BY_TIMER


def what_to_do() -> str:
    """Return what has housekeeping run."""
    if settings.HOUSEKEEPING:
        return "Start the server, which does it, and search its log for “Housekeeping”."
    return "Enable gatehouse-housekeeping.timer, or drop HOUSEKEEPING=0."
