"""Applications that come from the retiring service: that one moves in, and what it may do until when."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.times import end_of
from oauthapps.errors import ExceptionsInForceError, InvalidExceptionError, NotMovingInError
from oauthapps.models import Application, DatedException, MovingIn
from oauthapps.rules.dated_exceptions import ExceptionKind, checked_exceptions, last_days


def begin(application: Application, *, exceptions: Mapping[str, date], actor: Actor) -> bool:
    """Mark an application as moving in, and let it have exceptions; return whether that changed anything.

    Exceptions that it has and that are not named stay as they are.

    Args:
        application: an application that has not been deleted.
        exceptions: the last day of each, in UTC, by the value of its `ExceptionKind`.
        actor: who does this.

    Raises:
        InvalidExceptionError: when one can't be had; nothing has changed then.
        Application.DoesNotExist: when the application was deleted meanwhile.
    """
    wanted = checked_exceptions(exceptions, application.type, timezone.now())
    with transaction.atomic():
        lock(application)
        moving_in, is_new = MovingIn.objects.get_or_create(application=application)
        if is_new or moving_in.finished_at is not None:
            MovingIn.objects.filter(pk=moving_in.pk).update(finished_at=None)
            Event.objects.record(EventKind.MOVING_IN_BEGUN, actor=actor, application=application)
        changed = [
            set_last_day(application, kind, last_day, actor=actor) for kind, last_day in wanted.items()
        ]
    return is_new or moving_in.finished_at is not None or any(changed)


def finish(application: Application, *, actor: Actor) -> None:
    """Say that an application has moved in; `begin` takes that back.

    Raises:
        ExceptionsInForceError: when it has exceptions in force, which its clients may need.
        Application.DoesNotExist: when the application was deleted meanwhile.
    """
    with transaction.atomic():
        lock(application)
        if application.dated_exceptions.in_force().exists():
            raise ExceptionsInForceError
        if MovingIn.objects.unfinished().filter(pk=application.pk).update(finished_at=timezone.now()):
            Event.objects.record(EventKind.MOVING_IN_FINISHED, actor=actor, application=application)


def give_exception(application: Application, kind: ExceptionKind, last_day: date, *, actor: Actor) -> bool:
    """Let an application that is moving in have an exception, or have it until another day.

    Args:
        application: the application.
        kind: which exception.
        last_day: its last day, in UTC; today or later.
        actor: who does this.

    Returns:
        Whether that changed anything.

    Raises:
        InvalidExceptionError: when it can't be had until then.
        NotMovingInError: when moving in was finished meanwhile.
        Application.DoesNotExist: when the application was deleted meanwhile.
    """
    now = timezone.now()
    checked_exceptions({kind.value: last_day}, application.type, now)
    if last_day < last_days(now).first:
        raise InvalidExceptionError("The last day is already over.")
    with transaction.atomic():
        lock(application)
        if not MovingIn.objects.unfinished().filter(pk=application.pk).exists():
            raise NotMovingInError
        return set_last_day(application, kind, last_day, actor=actor)


def end_exception(application: Application, kind: ExceptionKind, *, actor: Actor) -> bool:
    """End an exception at once, unless it has ended already; return whether it had not."""
    with transaction.atomic():
        rows = application.dated_exceptions.in_force().filter(kind=kind)
        row = rows.select_for_update(no_key=True).first()
        if row is None:
            return False
        rows.update(ended_at=timezone.now())
        Event.objects.record(
            EventKind.EXCEPTION_ENDED,
            actor=actor,
            application=application,
            detail=kind.label,
            before={"Last day": f"{row.last_day}"},
        )
    return True


def lock(application: Application) -> None:
    """Let nobody else change what an application may do by exception until the transaction ends.

    Raises:
        Application.DoesNotExist: when it was deleted.
    """
    Application.objects.live().select_for_update(no_key=True).get(pk=application.pk)


def exceptions_of(application: Application) -> dict[str, date]:
    """Return the last day of each exception that no administrator has ended, as `begin` takes them."""
    rows = {row.kind: row for row in application.dated_exceptions.filter(ended_at=None)}
    return {kind.value: rows[kind.value].last_day for kind in ExceptionKind if kind.value in rows}


def set_last_day(application: Application, kind: ExceptionKind, last_day: date, *, actor: Actor) -> bool:
    """Let an exception hold until the end of a day, inside the caller's transaction.

    Returns:
        Whether it did not before. One that had ended begins anew, and so does counting.
    """
    now, ends_at = timezone.now(), end_of(last_day)
    row = application.dated_exceptions.filter(kind=kind).first()
    if row is not None and row.ended_at is None and row.ends_at == ends_at:
        return False
    after = {"Last day": f"{last_day}"}
    if row is not None and row.is_in_force:
        application.dated_exceptions.filter(pk=row.pk).update(ends_at=ends_at)
        event, before = EventKind.EXCEPTION_CHANGED, {"Last day": f"{row.last_day}"}
    else:
        DatedException.objects.update_or_create(
            application=application,
            kind=kind,
            defaults={
                "ends_at": ends_at,
                "added_at": now,
                "added_by": actor.user,
                "ended_at": None,
                "times_needed": 0,
                "last_needed_at": None,
            },
        )
        event, before = EventKind.EXCEPTION_ADDED, {}
    Event.objects.record(
        event, actor=actor, application=application, detail=kind.label, before=before, after=after
    )
    return True
