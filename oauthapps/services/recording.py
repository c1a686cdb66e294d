"""Recording all requests of an application for an hour, not only the refused and the last granted ones."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.times import short_time
from oauthapps.models import Application

RECORDED_FOR = timedelta(hours=1)


def is_recorded(application: Application) -> bool:
    """Return whether all requests of an application are recorded now."""
    until = application.recorded_until
    return until is not None and until > timezone.now()


def start_recording(application: Application, *, actor: Actor) -> datetime:
    """Record all requests of an application from now on; return until when.

    Args:
        application: an application that has not been deleted; when that is recorded already, it is for an
            hour from now.
        actor: who does this.

    Raises:
        Application.DoesNotExist: when it was deleted meanwhile.
    """
    until = timezone.now() + RECORDED_FOR
    with transaction.atomic():
        if not Application.objects.live().filter(pk=application.pk).update(recorded_until=until):
            raise Application.DoesNotExist
        Event.objects.record(
            EventKind.RECORDING_STARTED,
            actor=actor,
            application=application,
            after={"Until": short_time(until)},
        )
    return until


def stop_recording(application: Application, *, actor: Actor) -> bool:
    """Record no longer all requests of an application; return whether they were recorded until now.

    What has been recorded stays.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = Application.objects.live().filter(pk=application.pk, recorded_until__gt=now)
        is_stopped = rows.update(recorded_until=None) > 0
        if is_stopped:
            Event.objects.record(EventKind.RECORDING_STOPPED, actor=actor, application=application)
    return is_stopped
