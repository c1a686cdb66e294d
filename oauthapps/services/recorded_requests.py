"""How long recorded requests are kept, and how many."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from common.work import Work
from oauthapps.models import RecordedRequest
from oauthapps.models.requests import RecordedRequestQuerySet

# Granted requests that an application keeps, unless all of its requests are recorded.
GRANTED_KEPT = 50


def remove_old_requests(work: Work) -> None:
    """Remove recorded requests that are older than they are kept, or that there is no room for.

    Those that nobody has proven to have sent get half of the room at most, so that a flood of them leaves
    those of clients alone.
    """
    rows, most = RecordedRequest.objects, settings.REQUEST_ROWS
    long_ago = timezone.now() - timedelta(days=settings.REQUEST_DAYS)
    work.delete(rows.filter(at__lt=long_ago).order_by("at"), "requests")
    for application_id in with_too_many_granted():
        remove_some(superfluous_granted(application_id), work)
    remove_earliest(rows.refused().filter(is_authenticated=False), most // 2, work)
    remove_earliest(rows.all(), most, work)


def remove_earliest(rows: RecordedRequestQuerySet, most: int, work: Work) -> None:
    """Remove the earliest of some rows, as many as there are too many of."""
    while work.may_go_on() and (too_many := rows.count() - most) > 0:
        earliest = list(rows.order_by("at", "id").values_list("pk", flat=True)[: min(too_many, work.rows)])
        remove_some(earliest, work)


def remove_some(ids: list[int], work: Work) -> None:
    """Remove rows by their primary keys, in turns."""
    for start in range(0, len(ids), work.rows):
        work.delete(RecordedRequest.objects.filter(pk__in=ids[start : start + work.rows]), "requests")


def with_too_many_granted() -> list[int]:
    """Return the primary keys of the applications that have more granted requests than they keep."""
    granted = RecordedRequest.objects.granted().filter(in_full=False).order_by()
    counted = granted.values("application").annotate(number=Count("pk")).filter(number__gt=GRANTED_KEPT)
    return list(counted.values_list("application", flat=True))


def superfluous_granted(application_id: int) -> list[int]:
    """Return the primary keys of the granted requests that an application has too many of."""
    rows = RecordedRequest.objects.granted().filter(application=application_id, in_full=False)
    return list(rows.order_by("-at", "-id").values_list("pk", flat=True)[GRANTED_KEPT:])
