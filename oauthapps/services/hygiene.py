"""Findings of the hygiene page that administrators live with."""

from django.db import transaction

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, HygieneException


def ignore(
    application: Application, finding: str, subject: int, *, reason: str, named: str, actor: Actor
) -> bool:
    """Leave a finding out of what has to be done; return whether nobody had done that before.

    Args:
        application: whose finding it is.
        finding: its kind.
        subject: the primary key of the secret, key or Redirect URL that it is about; 0 for an application.
        reason: why, in at most 300 characters.
        named: what the event calls the finding; it names no secret.
        actor: who does this.
    """
    with transaction.atomic():
        _, is_new = HygieneException.objects.get_or_create(
            application=application,
            finding=finding,
            subject=subject,
            defaults={"reason": reason, "added_by": actor.user},
        )
        if is_new:
            Event.objects.record(
                EventKind.HYGIENE_IGNORED,
                actor=actor,
                application=application,
                detail=named,
                after={"Reason": reason},
            )
    return is_new


def stop_ignoring(exception: HygieneException, *, named: str, actor: Actor) -> bool:
    """Count a finding among what has to be done again; return whether nobody had done that before.

    Args:
        exception: what says that it is ignored.
        named: what the event calls the finding.
        actor: who does this.
    """
    with transaction.atomic():
        deleted, _ = HygieneException.objects.filter(pk=exception.pk).delete()
        if deleted:
            Event.objects.record(
                EventKind.HYGIENE_NO_LONGER_IGNORED,
                actor=actor,
                application=exception.application,
                detail=named,
                before={"Reason": exception.reason},
            )
    return bool(deleted)
