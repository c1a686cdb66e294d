"""SCIM tokens: the credentials with which the organization's directory provisions people."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import ScimToken
from audit.actors import Actor
from audit.models import Event, EventKind
from common.best_effort import best_effort
from oauthapps.rules import credential_values

# The precision of when a token was last used.
USE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class NewScimToken:
    """A SCIM token in plaintext, and the row that stores its digest."""

    value: str = field(repr=False)
    row: ScimToken


def add_scim_token(name: str, *, actor: Actor) -> NewScimToken:
    """Create a SCIM token and return it in plaintext, for the only time.

    Args:
        name: what it is for, 80 characters at most; events name it with every change made with it.
        actor: who adds it.

    Raises:
        ValidationError: when the name is invalid.
    """
    value = credential_values.new_scim_token()
    row = ScimToken(
        name=name,
        digest=credential_values.digest(value),
        hint=credential_values.hint(value),
        created_by=actor.user,
    )
    row.full_clean(exclude=["created_by"])
    with transaction.atomic():
        row.save()
        Event.objects.record(EventKind.SCIM_TOKEN_ADDED, actor=actor, detail=described(row))
    return NewScimToken(value=value, row=row)


def delete_scim_token(row: ScimToken, *, actor: Actor) -> bool:
    """Delete a SCIM token, which stops working, and return whether it was still there."""
    with transaction.atomic():
        deleted, _ = ScimToken.objects.filter(pk=row.pk).delete()
        if deleted:
            Event.objects.record(EventKind.SCIM_TOKEN_DELETED, actor=actor, detail=described(row))
    return bool(deleted)


def described(row: ScimToken) -> str:
    """Return how events identify a SCIM token."""
    return f"{row.name} (…{row.hint})"


def find_scim_token(value: str) -> ScimToken | None:
    """Return the SCIM token with this plaintext, in one statement.

    It is looked up by its digest, so that timing reveals nothing about a wrong value.
    """
    return ScimToken.objects.filter(digest=credential_values.digest(value)).first()


def record_use(row: ScimToken) -> None:
    """Record that a SCIM token was used, to the minute, unless the database is busy."""
    now = timezone.now()
    earlier = now - USE_INTERVAL
    if row.last_used_at is None or row.last_used_at < earlier:
        unused = Q(last_used_at=None) | Q(last_used_at__lt=earlier)
        with best_effort("when a SCIM token was used"):
            ScimToken.objects.filter(unused, pk=row.pk).update(last_used_at=now)
