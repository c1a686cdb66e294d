"""Retiring a client secret or key on a day: it is deleted then, unless it is still in use."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work
from oauthapps.models import ClientSecret, PublicKey
from oauthapps.rules.expiry import Days, days_of_new, in_words
from oauthapps.services.credential_callers import evidence_of
from oauthapps.services.credential_edits import Credential, locked
from oauthapps.services.credential_mail import tell_of_stopped_retirement
from oauthapps.services.credentials import delete_key, delete_secret

HOUSEKEEPING = Actor(label="Housekeeping")
# In one transaction, each takes a few statements.
AT_ONCE = 20
# How far ahead the day may be.
LONGEST_DAYS = 366

CHANGED = {
    ClientSecret.usage_kind: EventKind.SECRET_RETIREMENT_CHANGED,
    PublicKey.usage_kind: EventKind.KEY_RETIREMENT_CHANGED,
}
HAS_STOPPED = {
    ClientSecret.usage_kind: EventKind.SECRET_RETIREMENT_STOPPED,
    PublicKey.usage_kind: EventKind.KEY_RETIREMENT_STOPPED,
}


def retirement_days() -> Days:
    """Return the days on which something can be retired."""
    return days_of_new(timezone.now(), LONGEST_DAYS)


def schedule_retirement(credential: Credential, *, day: date | None, actor: Actor) -> bool:
    """Have a secret or key retired at the end of a day, and return whether that changed anything.

    One whose retirement has stopped itself is tried again.

    Args:
        credential: a live secret or key.
        day: the day, in UTC; None for not at all.
        actor: who wants that.

    Raises:
        InvalidExpiryError: when it can't be that day.
        ClientSecret.DoesNotExist, PublicKey.DoesNotExist: when it was deleted meanwhile.
    """
    retires_at = retirement_days().end_of(day) if day else None
    with transaction.atomic():
        row = locked(credential)
        if row.retires_at == retires_at and row.retirement_stopped_at is None:
            return False
        before = {"Retires": in_words(row.retires_at)}
        row.retires_at, row.retirement_stopped_at = retires_at, None
        row.save(update_fields=["retires_at", "retirement_stopped_at"])
        Event.objects.record(
            CHANGED[row.usage_kind],
            actor=actor,
            application=row.application,
            detail=f"{row}",
            before=before,
            after={"Retires": in_words(retires_at)},
        )
    return True


def retire_due(work: Work) -> None:
    """Retire secrets and keys whose day is over, or stop that where they are in use."""
    for model in (ClientSecret, PublicKey):
        due = model.objects.live().filter(
            retires_at__lte=timezone.now(), retirement_stopped_at=None, application__deleted_at=None
        )
        while work.may_go_on() and (ids := work.some_of(due.order_by("retires_at", "pk"))[:AT_ONCE]):
            with work.turn():
                for credential in due.filter(pk__in=ids).select_for_update(no_key=True, of=("self",)):
                    work.count(retire(credential), 1)


def retire(credential: Credential) -> str:
    """Delete a secret or key, or stop its retirement if it is in use, and return as what that is counted.

    Its row is locked: whoever notes a use has done so before, or waits until this is done. A request that has
    looked it up and not noted that yet still gets its tokens.
    """
    evidence = evidence_of(credential)
    if evidence.is_in_use:
        stop(credential)
        tell_of_stopped_retirement(credential, evidence)
        return "stopped_retirements"
    if isinstance(credential, ClientSecret):
        delete_secret(credential, actor=HOUSEKEEPING)
        return "retired_secrets"
    delete_key(credential, actor=HOUSEKEEPING)
    return "retired_keys"


def stop(credential: Credential) -> None:
    """Note that a secret or key was not retired; an administrator decides."""
    type(credential).objects.filter(pk=credential.pk).update(retirement_stopped_at=timezone.now())
    Event.objects.record(
        HAS_STOPPED[credential.usage_kind],
        actor=HOUSEKEEPING,
        application=credential.application,
        detail=f"{credential}",
        after={"Retires": in_words(credential.retires_at)},
    )
