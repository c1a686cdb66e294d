"""What can be changed about a client secret or public key: what a secret is for, and when either expires."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounts.models import Organization
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import Subject, merge_edits
from common.words import joined
from oauthapps.models import ClientSecret, PublicKey
from oauthapps.rules.expiry import Days, days_of_existing, days_of_new, in_words

Credential = ClientSecret | PublicKey

# How pages, and events, call when it expires.
EXPIRES = "Expires"


def change_notes(
    secret: ClientSecret,
    *,
    notes: str,
    actor: Actor,
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> bool:
    """Change a secret's notes and return whether they differ from before.

    Args:
        secret: a live secret.
        notes: what it is for, 64 characters at most.
        actor: who changes them.
        based_on: the version of the notes that the new ones were written on top of (`common.edits`).
        detail: what the event says besides, such as that this puts back what another event changed.

    Raises:
        EditConflictError: when somebody else has written other notes since.
        ClientSecret.DoesNotExist: when it was deleted meanwhile.
    """
    with transaction.atomic():
        row = ClientSecret.objects.live().select_for_update(no_key=True).get(pk=secret.pk)
        wanted = {"notes": notes}
        merge_edits(wanted, based_on or {}, notes_of(row))
        if wanted.get("notes", row.notes) == row.notes:
            return False
        Event.objects.record(
            EventKind.SECRET_CHANGED,
            actor=actor,
            application=secret.application,
            detail=joined(row.masked, detail),
            before={"Notes": row.notes},
            after={"Notes": notes},
            values={"notes": [row.notes, notes]},
            subject=row.pk,
        )
        row.notes = notes
        row.save(update_fields=["notes"])
    return True


def notes_of(secret: ClientSecret) -> Subject:
    """Return a secret's notes as an edit conflict tells of them."""
    events = Event.objects.filter(kind=EventKind.SECRET_CHANGED, application=secret.application_id)
    return Subject(
        state={"notes": secret.notes},
        labels={"notes": "Notes"},
        changes=lambda: events.about(secret.pk, secret.masked).select_related("actor")[:1],
    )


def change_expiry(
    credential: Credential,
    *,
    last_day: date | None,
    actor: Actor,
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> bool:
    """Let a secret or key work through another day, and return whether it did not before.

    Args:
        credential: a live secret or key; one that has expired works again.
        last_day: its last day, in UTC; None for as long as nobody deletes it.
        actor: who changes that.
        based_on: the version of its expiry that the new one was chosen on top of (`common.edits`).
        detail: what the event says besides, likewise.

    Raises:
        EditConflictError: when somebody else has chosen another day since.
        InvalidExpiryError: when it can't work through that day.
        ClientSecret.DoesNotExist, PublicKey.DoesNotExist: when it was deleted meanwhile.
    """
    with transaction.atomic():
        row = locked(credential)
        wanted = {"expires": f"{last_day or ''}"}
        merge_edits(wanted, based_on or {}, expiry_of(row))
        if "expires" not in wanted or last_day == row.last_day:
            return False
        before, former = {EXPIRES: in_words(row.expires_at)}, row.last_day
        row.expires_at = days_of(row).end_of(last_day)
        row.warned_days = None
        row.save(update_fields=["expires_at", "warned_days"])
        Event.objects.record(
            EXPIRY_CHANGED[row.usage_kind],
            actor=actor,
            application=row.application,
            detail=joined(f"{row}", detail),
            before=before,
            after={EXPIRES: in_words(row.expires_at)},
            values={"expires": [f"{former or ''}", wanted["expires"]]},
            subject=row.pk,
        )
    return True


EXPIRY_CHANGED = {
    ClientSecret.usage_kind: EventKind.SECRET_EXPIRY_CHANGED,
    PublicKey.usage_kind: EventKind.KEY_EXPIRY_CHANGED,
}


def days_of(credential: Credential) -> Days:
    """Return the days that can be chosen as the last one of a secret or key that exists."""
    is_secret = isinstance(credential, ClientSecret)
    return days_of_existing(
        timezone.now(),
        Organization.current().secret_days if is_secret else None,
        created_at=credential.created_at,
        expires_at=credential.expires_at,
    )


def days_of_new_one(credential: Credential) -> Days:
    """Return the days that can be chosen as the last one of another secret or key of its kind."""
    is_secret = isinstance(credential, ClientSecret)
    return days_of_new(timezone.now(), Organization.current().secret_days if is_secret else None)


def expiry_of(credential: Credential) -> Subject:
    """Return when a secret or key expires as an edit conflict tells of it."""
    events = Event.objects.filter(
        kind=EXPIRY_CHANGED[credential.usage_kind], application=credential.application_id
    )
    return Subject(
        state={"expires": f"{credential.last_day or ''}"},
        labels={"expires": EXPIRES},
        changes=lambda: events.about(credential.pk, f"{credential}").select_related("actor")[:1],
        readable=lambda _, value: value or "Never",
    )


def locked(credential: Credential) -> Credential:
    """Return a live secret or key as it is now; nobody else changes it until the transaction ends.

    Raises:
        ClientSecret.DoesNotExist, PublicKey.DoesNotExist: when it was deleted.
    """
    rows = type(credential).objects.live().select_for_update(no_key=True)
    return rows.get(pk=credential.pk)
