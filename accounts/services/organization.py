"""Naming the organization."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import Organization
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import LATEST_CHANGES, Changes, Subject, merge_edits


def change_organization(
    values: Mapping[str, str | int | None],
    *,
    actor: Actor,
    labels: Mapping[str, str] | None = None,
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> Changes:
    """Give the organization's fields new values.

    Args:
        values: the new values, by field.
        actor: who changes them.
        labels: how the page calls each field; their own names where there is no page.
        based_on: the versions of the values that the new ones were chosen on top of (`common.edits`).
        detail: what the event says besides, such as that this puts back what another event changed.

    Raises:
        EditConflictError: when somebody else has changed the same since, to another value.
        ValidationError: when a value cannot be taken, by field.
    """
    labels = labels or {name: name for name in values}
    with transaction.atomic():
        Organization.current()
        organization = Organization.objects.select_for_update(no_key=True).get(id=Organization.THE_ONE)
        wanted = dict(values)
        kept = merge_edits(wanted, based_on or {}, subject_of(organization, labels))
        changed = {name: value for name, value in wanted.items() if getattr(organization, name) != value}
        before = {name: getattr(organization, name) for name in changed}
        for name, value in changed.items():
            setattr(organization, name, value)
        organization.full_clean()
        if changed:
            organization.save(update_fields=list(changed))
            Event.objects.record(
                EventKind.ORGANIZATION_CHANGED,
                actor=actor,
                detail=detail,
                before=before,
                after=changed,
                # Another Customer ID is confirmed on a page of its own, where what it ends is said.
                values={
                    name: [before[name], value] for name, value in changed.items() if name != "customer_id"
                },
                subject=organization.pk,
            )
    return Changes(changed=[labels[name] for name in changed], kept=kept)


def subject_of(organization: Organization, labels: Mapping[str, str]) -> Subject:
    """Return the organization as an edit conflict tells of it; events call its fields by their own names."""
    events = Event.objects.filter(kind=EventKind.ORGANIZATION_CHANGED).select_related("actor")
    return Subject(
        state={name: getattr(organization, name) for name in labels},
        labels=labels,
        recorded_as={name: name for name in labels},
        changes=lambda: events[:LATEST_CHANGES],
        readable=lambda _, value: "Off" if value is None else str(value),
    )
