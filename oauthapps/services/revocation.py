"""Revoking access as an administrator: one person's, all of an application's or a person's, or what is old.

Ending a family ends its tokens, also those that are issued a moment later. What many people allowed ends in
slices, each a transaction of its own, so that no client waits for long. A call ends what its time allows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.words import counted
from oauthapps.models import AccessToken, Consent
from oauthapps.models.consents import EndReason
from oauthapps.models.extents import Extent

# Has the people of some rows told that these are revoked.
TellPeople = Callable[[QuerySet[Any]], None]

SLICE = 5000
# A response may take three seconds (DATABASE_STATEMENT_SECONDS).
BUDGET_SECONDS = 1.5


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """How much was revoked, or would be.

    Attributes:
        consents: what people had allowed applications.
        access_tokens: living access tokens.
        is_whole: whether nothing is left.
    """

    consents: int = 0
    access_tokens: int = 0
    is_whole: bool = True

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to revoke."""
        return not (self.consents or self.access_tokens)

    def together(self, other: "Revoked") -> "Revoked":
        """Return both."""
        return Revoked(
            consents=self.consents + other.consents, access_tokens=self.access_tokens + other.access_tokens
        )


NOTHING = Revoked()


def impact_of(extent: Extent) -> Revoked:
    """Count what revoking would end now."""
    tokens = extent.tokens_of(extent.families).count() + extent.machine_tokens.count()
    return Revoked(consents=extent.consents.count(), access_tokens=tokens)


def revoke(extent: Extent, *, actor: Actor, tell_people: TellPeople | None = None) -> Revoked:
    """Revoke access: families and tokens end at once, and people are asked again.

    Args:
        extent: which access.
        actor: who revokes.
        tell_people: called in each transaction, before the rows that it is given are revoked.

    Returns:
        How much that was; where the time did not suffice for all of it, `is_whole` is False.
    """
    deadline = monotonic() + BUDGET_SECONDS
    revoked, event = NOTHING, None
    for end_slice in (end_consents, end_machine_tokens):
        after: int | None = 0
        while after is not None:
            if monotonic() > deadline:
                return replace(revoked, is_whole=False)
            with transaction.atomic():
                hold(extent)
                ended, after = end_slice(extent, after, tell_people)
                revoked = revoked.together(ended)
                if not ended.is_nothing:
                    event = record(extent, revoked, event, actor=actor)
    return revoked


def hold(extent: Extent) -> None:
    """Let what else ends a person's access, which takes their consents in any order, go before or after."""
    if extent.person is not None:
        User.objects.select_for_update(no_key=True).get(pk=extent.person.pk)


def end_consents(extent: Extent, after: int, tell_people: TellPeople | None) -> tuple[Revoked, int | None]:
    """Withdraw a slice of consents, and end their families.

    Consents come first: whoever allows something at this moment holds theirs, and the family that they began
    is seen afterward.

    Args:
        extent: which.
        after: the primary key that the slice comes after.
        tell_people: as for `revoke`.

    Returns:
        How much ended; the primary key that the next slice comes after, None where there is none.
    """
    ids = next_slice(extent.consents, after)
    families = extent.families_of(ids)
    tokens = extent.tokens_of(families).count()
    consents = Consent.objects.active().filter(pk__in=ids)
    if tell_people:
        tell_people(consents)
    if extent.before is not None:
        consents = consents.filter(last_allowed_at__lt=extent.before)
    consents.update(withdrawn_at=timezone.now())
    families.end(EndReason.REVOKED_BY_ADMINISTRATOR)
    return Revoked(consents=len(ids), access_tokens=tokens), ids[-1] if len(ids) == SLICE else None


def end_machine_tokens(
    extent: Extent, after: int, tell_people: TellPeople | None
) -> tuple[Revoked, int | None]:
    """Revoke a slice of the tokens of machines, likewise."""
    ids = next_slice(extent.machine_tokens, after)
    tokens = AccessToken.objects.filter(pk__in=ids, revoked_at=None)
    if tell_people:
        tell_people(tokens)
    number = tokens.update(revoked_at=timezone.now())
    return Revoked(access_tokens=number), ids[-1] if len(ids) == SLICE else None


def next_slice(rows: QuerySet[Any], after: int) -> list[int]:
    """Hold the next rows after one, and return their primary keys.

    Whoever revokes the same at this moment has gone before, and what that ended is not among them, or goes
    after; nobody waits for each other, because all take rows in this order.
    """
    held = rows.select_for_update(no_key=True, of=("self",)).filter(pk__gt=after).order_by("pk")
    return list(held.values_list("pk", flat=True)[:SLICE])


def record(extent: Extent, revoked: Revoked, event: Event | None, *, actor: Actor) -> Event:
    """Record what was revoked, in one event: the first slice makes it, others raise its numbers.

    Args:
        extent: which access.
        revoked: how much so far.
        event: that event, once there is one.
        actor: who revokes.
    """
    detail, after = in_words(extent, revoked), in_numbers(extent, revoked)
    if event is not None:
        Event.objects.filter(pk=event.pk).update(detail=detail, after=after)
        return event
    application, person = extent.application, extent.person
    return Event.objects.record(
        kind_of(extent), actor=actor, application=application, person=person, detail=detail, after=after
    )


def kind_of(extent: Extent) -> EventKind:
    """Return the kind of event that revoking an extent is."""
    if extent.before is not None:
        return EventKind.OLDER_ACCESS_REVOKED
    return EventKind.ACCESS_REVOKED if extent.is_single else EventKind.ALL_ACCESS_REVOKED


def in_words(extent: Extent, revoked: Revoked) -> str:
    """Say how much was revoked."""
    before = f"from before {extent.before:%Y-%m-%d}: " if extent.before else ""
    tokens = counted(revoked.access_tokens, "access token")
    if extent.is_single:
        return before + tokens
    return f"{before}{people_or_applications(extent, revoked)}, {tokens}"


def in_numbers(extent: Extent, revoked: Revoked) -> dict[str, int]:
    """Return the same by what it counts."""
    consents = "People" if extent.person is None else "Applications"
    return {consents: revoked.consents, "Access tokens ended": revoked.access_tokens}


def people_or_applications(extent: Extent, revoked: Revoked) -> str:
    """Say whose access, or access of how many applications, was revoked."""
    if extent.person is not None:
        return counted(revoked.consents, "application")
    return f"{revoked.consents} {'person' if revoked.consents == 1 else 'people'}"
