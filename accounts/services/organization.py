"""Naming the organisation."""

from collections.abc import Mapping

from django.db import transaction

from accounts.actors import Actor
from accounts.models import Organization
from oauthapps.models import Event
from oauthapps.models.events import EventKind


def change_organization(values: Mapping[str, str], *, actor: Actor) -> Organization:
    """Give the organisation's fields new values and return it.

    Args:
        values: the new values, by field.
        actor: who changes them.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    with transaction.atomic():
        Organization.current()
        organization = Organization.objects.select_for_update().get(id=Organization.THE_ONE)
        changed = {name: value for name, value in values.items() if getattr(organization, name) != value}
        before = {name: getattr(organization, name) for name in changed}
        for name, value in changed.items():
            setattr(organization, name, value)
        organization.full_clean()
        if changed:
            organization.save(update_fields=list(changed))
            Event.objects.record(EventKind.ORGANIZATION_CHANGED, actor=actor, before=before, after=changed)
    return organization
