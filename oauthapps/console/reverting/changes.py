"""The change that an event records: whether it can be put back, and what that comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import BaseVersion, Changes, Subject, lines_of, version_of
from common.times import short_time
from oauthapps.console.reverting.apis import apis
from oauthapps.console.reverting.credentials import expiry, notes
from oauthapps.console.reverting.kinds import Revertible
from oauthapps.console.reverting.organization import organization
from oauthapps.models import ClientSecret, PublicKey

# What can be put back, by the kind of event that changed it, but for the settings of applications.
REVERTIBLE: dict[str, Revertible[Any]] = {
    EventKind.SECRET_CHANGED: notes(),
    EventKind.SECRET_EXPIRY_CHANGED: expiry(ClientSecret),
    EventKind.KEY_EXPIRY_CHANGED: expiry(PublicKey),
    EventKind.API_CHANGED: apis(),
    EventKind.SCOPE_CHANGED: apis(),
    EventKind.ORGANIZATION_CHANGED: organization(),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A field, with its value now and after the change is put back, as lines of text."""

    label: str
    now: list[str]
    then: list[str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change that may be put back.

    Attributes:
        event: which changed it.
        kind: how that is put back.
        row: what was changed.
        subject: the same as an edit conflict tells of it.
        values: the values from before, of the fields that are there and can have them.
        left_out: what of them is gone by now.
    """

    event: Event
    kind: Revertible[Any]
    row: Any
    subject: Subject
    values: dict[str, Any]
    left_out: list[str] = field(default_factory=list)

    @property
    def page(self) -> str:
        """Where it is changed otherwise."""
        return self.kind.page(self.row)

    @property
    def detail(self) -> str:
        """What the event says that puts it back."""
        return f"Reverts the change of {short_time(self.event.at)} by {self.event.actor_name}"

    @property
    def lines(self) -> list[Line]:
        """Its fields that would have another value."""
        state, readable = self.subject.state, self.subject.readable
        return [
            Line(
                label=self.subject.labels[name],
                now=lines_of(readable(name, state[name])),
                then=lines_of(readable(name, value)),
            )
            for name, value in self.values.items()
            if value != state[name]
        ]

    def wanted(self, chosen: BaseVersion) -> dict[str, Any]:
        """Return the values to be put back, without those for which somebody else's was chosen."""
        return {name: value for name, value in self.values.items() if not chosen.takes_theirs(name)}

    def problems(self, wanted: dict[str, Any]) -> list[str]:
        """Say why the form of such an object would not take these values."""
        return self.kind.problems(self.row, wanted) if wanted else []

    def widens(self, wanted: dict[str, Any]) -> bool:
        """Return whether these values ask for a recent sign-in."""
        return bool(wanted) and self.kind.widens(self.row, wanted)

    def put_back(self, wanted: dict[str, Any], chosen: BaseVersion, *, actor: Actor) -> Changes:
        """Put these values back.

        Args:
            wanted: the values.
            chosen: the values by somebody else that were seen and are to be replaced, or kept.
            actor: who does this.

        Raises:
            EditConflictError: when somebody else has changed them since the event.
            ObjectDoesNotExist: when it was deleted meanwhile.
            GatehouseError, ValidationError: when a value cannot be taken by now.
        """
        if not wanted:
            return Changes(changed=[], kept=[])
        # As far as it could still be: what was deleted since is no change by somebody else.
        after, _ = self.kind.available({name: self.event.values[name][1] for name in self.values})
        left = {name: version_of(value) for name, value in after.items()}
        based_on = BaseVersion(versions=left, choices=chosen.choices).accepted
        return self.kind.put_back(self.row, wanted, actor=actor, based_on=based_on, detail=self.detail)


def find_change(pk: int) -> Change | None:
    """Return the change that an event records, if it can be put back and its object exists."""
    event = Event.objects.filter(pk=pk, kind__in=REVERTIBLE).exclude(values={}).first()
    if event is None or event.subject is None:
        return None
    kind = REVERTIBLE[event.kind]
    row = kind.rows([event.subject]).get(event.subject)
    if row is None:
        return None
    subject = kind.subject(row)
    before = {name: pair[0] for name, pair in event.values.items() if name in subject.state}
    values, left_out = kind.available(before)
    return Change(event=event, kind=kind, row=row, subject=subject, values=values, left_out=left_out)


def offer_reverting(events: Collection[Event]) -> None:
    """Tell events where what they changed can be put back, in at most one statement for each kind."""
    for event in events:
        changed = event.application if event.kind == EventKind.APPLICATION_CHANGED else None
        if event.values and changed and changed.is_live:
            event.revert_url = reverse("console:revert-change", args=[changed.client_id, event.pk])
    for kind, own in by_kind(events).items():
        there = REVERTIBLE[kind].rows({event.subject for event in own if event.subject is not None})
        for event in own:
            if event.subject in there:
                event.revert_url = reverse("console:revert-event", args=[event.pk])


def by_kind(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return the events that changed what has no page of its own to be put back on, by their kind."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.values and event.kind in REVERTIBLE:
            found[event.kind].append(event)
    return found
