from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone

from audit.actors import Actor
from audit.event_kinds import EventKind
from audit.housekeeping import HousekeepingJob, HousekeepingLease, HousekeepingRun
from audit.ip_addresses import network_of
from common.times import within_days

if TYPE_CHECKING:
    from django.contrib.auth.models import _User as User  # what the stubs call AUTH_USER_MODEL's class


__all__ = ["Event", "EventKind", "HousekeepingJob", "HousekeepingLease", "HousekeepingRun"]

LONGEST_DETAIL = 300
LABELS = {kind.value: str(kind.label) for kind in EventKind}


class NamedRow(Protocol):
    """A row that people know by a name, such as an application."""

    pk: Any
    name: str


class EventQuerySet(models.QuerySet["Event"]):
    """Questions about many events."""

    def of_kind(self, kind: str) -> Self:
        """Those of one kind, or of all kinds about one object where `kind` ends with a colon."""
        return self.filter(kind__startswith=kind) if kind.endswith(":") else self.filter(kind=kind)

    def about(self, subject: int, detail: str) -> Self:
        """Those of one thing, by its primary key; by what it is called those from before that was kept."""
        return self.filter(Q(subject=subject) | Q(subject=None, detail=detail))

    def involving(self, text: str) -> Self:
        """Those done by, or done to, somebody whose name contains a text."""
        names = ("actor_name", "actor__username", "person__name", "person__username", "person__email")
        condition = Q()
        for name in names:
            condition |= Q(**{f"{name}__icontains": text})
        return self.filter(condition)

    def between(self, first: date | None, last: date | None) -> Self:
        """Those from the beginning of one day to the end of another, in UTC; None leaves that side open."""
        return self.filter(**within_days("at", first, last))


class EventManager(models.Manager["Event"]):
    """Writes events."""

    def record(
        self,
        kind: EventKind,
        *,
        actor: Actor,
        application: NamedRow | None = None,
        person: User | None = None,
        detail: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        values: dict[str, list[Any]] | None = None,
        subject: int | None = None,
    ) -> Event:
        """Write down that something happened; call it inside the transaction that makes it happen.

        Args:
            kind: what happened.
            actor: who did it, and from where.
            application: the application it happened to.
            person: the person it happened to.
            detail: which of several things it was, such as a secret's hint, cut to what fits; never a secret.
            before: the fields' values that it replaced, by label.
            after: the values it put in their place.
            values: both as they are stored, by the field's name, where they can be put back.
            subject: the primary key of what has these values, where that is neither application nor person.
        """
        return self.create(
            kind=kind,
            actor=actor.user,
            actor_name=actor.name,
            address=actor.ip_address or None,
            user_agent=actor.user_agent,
            request_id=actor.request_id,
            application_id=application.pk if application else None,
            application_name=application.name if application else "",
            person=person,
            detail=detail[:LONGEST_DETAIL],
            before=before or {},
            after=after or {},
            values=values or {},
            subject=subject,
        )

    def record_stranger(self, kind: EventKind, *, actor: Actor, person: User | None = None) -> None:
        """Count what strangers do: an event an hour for each of their networks.

        The first networks of an hour, as many as STRANGERS_AN_HOUR, have one of their own; others share one.

        Args:
            kind: what they do.
            actor: where they do it from.
            person: the person whom they do it to; None for nobody.
        """
        hour = this_hour()
        rows = self.filter(kind=kind, actor=None, person=person, at__gte=hour).values_list("address", "pk")
        known = {network_of(address or ""): pk for address, pk in rows}
        network = network_of(actor.ip_address)
        if not network or (network not in known and len(known) >= settings.STRANGERS_AN_HOUR):
            network, actor = "", Actor()
        counted = known.get(network)
        if counted is None:
            self.record(kind, actor=actor, person=person)
        else:
            self.filter(pk=counted).update(times=F("times") + 1)

    def record_hourly(self, kind: EventKind, *, actor: Actor, application: NamedRow, person: User) -> None:
        """Count what a client may do often: an event an hour for each person and IP address.

        Args:
            kind: what it does.
            actor: the client, and where it does it from.
            application: the client's application.
            person: whose access it uses.
        """
        address = actor.ip_address or None
        counted = self.filter(
            kind=kind, application=application.pk, person=person, address=address, at__gte=this_hour()
        )
        if not counted.update(times=F("times") + 1):
            self.record(kind, actor=actor, application=application, person=person)


def this_hour() -> datetime:
    """Return when the present hour began."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


class Event(models.Model):
    """One thing that happened: who, when, from where, to what, and the values before and after."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    # Without `choices`: a new kind of event must not need a migration.
    kind = models.CharField(max_length=30)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="acts"
    )
    actor_name = models.CharField(max_length=120)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    application = models.ForeignKey(
        "oauthapps.Application", null=True, on_delete=models.SET_NULL, related_name="events"
    )
    application_name = models.CharField(max_length=100, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="events"
    )
    detail = models.CharField(max_length=LONGEST_DETAIL, blank=True)
    # How often it happened: once, but for what is counted instead of recorded.
    times = models.PositiveIntegerField(default=1, db_default=1)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # What can be put back, by the field's name: its value before and after, as it is stored. Never a secret.
    values = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # The primary key of what has these values, such as a secret; None where `kind` says it.
    subject = models.PositiveBigIntegerField(null=True)

    objects = EventManager.from_queryset(EventQuerySet)()

    # Where the change can be put back, as whoever lists events finds out; empty for nowhere.
    revert_url = ""

    class Meta:
        db_table = "oauthapps_event"  # as installations know it, from when `oauthapps` had it
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}"

    @property
    def label(self) -> str:
        """What happened, in words."""
        return LABELS.get(self.kind, self.kind)

    @property
    def origin(self) -> str:
        """The IP address it came from, or words where there is none."""
        if self.address:
            return self.address
        if self.request_id:
            return "Unknown IP address"
        return "This server" if self.actor_name else "Several IP addresses"

    @property
    def changed(self) -> str:
        """The labels of the fields that have another value since, for what changes fields."""
        return ", ".join(sorted(self.after)) if self.before else ""

    @property
    def fields(self) -> list[tuple[str, list[str], list[str]]]:
        """What changed: each field's label, with its lines before and after; nothing where nothing did."""
        labels = sorted({*self.before, *self.after}) if self.before else []
        return [
            (label, lines_of(self.before.get(label)), lines_of(self.after.get(label))) for label in labels
        ]


def lines_of(value: Any) -> list[str]:
    """Return a value of an event as lines of text; none where it is empty."""
    if isinstance(value, bool):
        return ["on" if value else "off"]
    if isinstance(value, list):
        return [str(each) for each in value]
    return [] if value is None else str(value).splitlines()
