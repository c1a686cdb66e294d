"""Rows of usage, as counting writes them."""

from datetime import UTC, date, timedelta

from django.utils import timezone

from accounts.models import Organization
from oauthapps.models import Application, UsageCount
from oauthapps.models.usage import UsageKind


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def count(
    application: Application,
    *,
    days_ago: int = 0,
    kind: UsageKind = UsageKind.APPLICATION,
    subject: int = 0,
    **numbers: int,
) -> None:
    """Add a row of a day."""
    day = today() - timedelta(days=days_ago)
    UsageCount.objects.create(application=application, day=day, kind=kind, subject=subject, **numbers)


def counted_for(days: int) -> None:
    """Let counting have begun so many days ago."""
    Organization.current()
    Organization.objects.update(usage_counted_since=timezone.now() - timedelta(days=days))
