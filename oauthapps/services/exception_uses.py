"""Counting how often an application's dated exception was needed."""

from django.db.models import F
from django.utils import timezone

from common.best_effort import best_effort
from oauthapps.models import DatedException
from oauthapps.rules.dated_exceptions import ExceptionKind


def record_need(application_id: int, kind: ExceptionKind) -> None:
    """Count a request that was answered only because its application has an exception."""
    with best_effort("that an exception was needed"):
        DatedException.objects.filter(application=application_id, kind=kind).update(
            times_needed=F("times_needed") + 1, last_needed_at=timezone.now()
        )
