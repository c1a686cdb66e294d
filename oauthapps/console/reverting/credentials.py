"""Putting back the notes of a client secret, and when a secret or key expires."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import TypeVar

from audit.actors import Actor
from common.edits import Changes
from oauthapps.console.forms.credentials import NotesForm
from oauthapps.console.reverting.kinds import Revertible, Values, problems_of
from oauthapps.errors import InvalidExpiryError
from oauthapps.models import ClientSecret, PublicKey
from oauthapps.rules.expiry import is_longer
from oauthapps.services.credential_edits import (
    EXPIRES,
    Credential,
    change_expiry,
    change_notes,
    days_of,
    expiry_of,
    notes_of,
)

Kind = TypeVar("Kind", ClientSecret, PublicKey)


def notes() -> Revertible[ClientSecret]:
    """Return how the notes of client secrets are put back."""
    return Revertible(
        rows=lambda pks: live(ClientSecret, pks),
        subject=notes_of,
        page=page_of,
        problems=lambda _, values: problems_of(NotesForm(dict(values))),
        widens=lambda _row, _values: False,
        put_back=put_back_notes,
    )


def expiry(model: type[Kind]) -> Revertible[Kind]:
    """Return how it is put back when client secrets, or public keys, expire."""
    return Revertible(
        rows=lambda pks: live(model, pks),
        subject=expiry_of,
        page=page_of,
        problems=problems_of_expiry,
        widens=lambda row, values: is_longer(day_of(values), row.last_day),
        put_back=put_back_expiry,
    )


def live(model: type[Kind], pks: Collection[int]) -> Mapping[int, Kind]:
    """Return the live secrets, or keys, of live applications, by primary key."""
    rows = model.objects.live().filter(application__deleted_at=None).select_related("application")
    return rows.in_bulk(pks)


def page_of(row: Credential) -> str:
    """Return the URL of the settings of the application that has it."""
    return row.application.get_absolute_url()


def put_back_notes(
    row: ClientSecret, values: Values, *, actor: Actor, based_on: Mapping[str, str], detail: str
) -> Changes:
    """Give a secret notes that it had."""
    is_new = change_notes(row, notes=values["notes"], actor=actor, based_on=based_on, detail=detail)
    return Changes(changed=["Notes"] if is_new else [], kept=[])


def day_of(values: Values) -> date | None:
    """Return the last day as a change keeps it; None for never."""
    text: str = values["expires"]
    return date.fromisoformat(text) if text else None


def problems_of_expiry(row: Credential, values: Values) -> list[str]:
    """Say why it can't be that day."""
    try:
        days_of(row).end_of(day_of(values))
    except InvalidExpiryError as error:
        return [f"{EXPIRES}: {error.message}"]
    return []


def put_back_expiry(
    row: Credential, values: Values, *, actor: Actor, based_on: Mapping[str, str], detail: str
) -> Changes:
    """Let a secret or key expire when it did."""
    is_new = change_expiry(row, last_day=day_of(values), actor=actor, based_on=based_on, detail=detail)
    return Changes(changed=[EXPIRES] if is_new else [], kept=[])
