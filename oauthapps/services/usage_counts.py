"""How long it is known how often tokens were issued, for how many people, and who called."""

from datetime import UTC, date, timedelta

from django.db.models import Count
from django.utils import timezone

from common.work import Work
from oauthapps.models import CredentialCaller, PersonSeen, UsageCount
from oauthapps.models.usage import UsageKind

USAGE_DAYS = 90
# Callers that a secret or key keeps: those that came last.
CALLERS_KEPT = 20
# How long after the end of a day all of it has been written.
COMPLETE_AFTER = timedelta(hours=1)


def remove_old_usage(work: Work) -> None:
    """Count the people of the days that are over, and remove what is older than it is kept."""
    now = timezone.now()
    count_people(work)
    oldest = now.astimezone(UTC).date() - timedelta(days=USAGE_DAYS)
    work.delete(UsageCount.objects.filter(day__lt=oldest).order_by("day"), "usage_counts")
    long_ago = now - timedelta(days=USAGE_DAYS)
    work.delete(CredentialCaller.objects.filter(last_at__lt=long_ago).order_by("last_at"), "callers")
    remove_superfluous_callers(work)


def count_people(work: Work) -> None:
    """Let the counts of days that are over say how many people there were, and forget who they were.

    If it is interrupted, those that are left are removed the next time and not counted again.
    """
    today = (timezone.now() - COMPLETE_AFTER).astimezone(UTC).date()
    over = PersonSeen.objects.filter(day__lt=today).order_by("day").values_list("day", flat=True)
    while work.may_go_on() and (day := over.first()):
        count_people_of(day, work)


def count_people_of(day: date, work: Work) -> None:
    """Let the counts of a day that is over say how many people there were, and forget who they were."""
    seen = PersonSeen.objects.filter(day=day)
    for row in seen.order_by().values("application").annotate(number=Count("person")):
        if not work.may_go_on():
            return
        of_all = {"application": row["application"], "day": day, "kind": UsageKind.APPLICATION}
        with work.turn():
            UsageCount.objects.filter(**of_all, subject=0, people=0).update(people=row["number"])
        work.delete(seen.filter(application=row["application"]), "people_seen")


def remove_superfluous_callers(work: Work) -> None:
    """Remove callers that a secret or key has too many of, those that came last excepted."""
    counted = CredentialCaller.objects.order_by().values("kind", "credential").annotate(number=Count("pk"))
    for row in counted.filter(number__gt=CALLERS_KEPT):
        callers = CredentialCaller.objects.filter(kind=row["kind"], credential=row["credential"])
        superfluous = list(callers.order_by("-last_at", "-id").values_list("pk", flat=True)[CALLERS_KEPT:])
        for start in range(0, len(superfluous), work.rows):
            work.delete(callers.filter(pk__in=superfluous[start : start + work.rows]), "callers")
