"""Putting back what the organization was called, and how long its client secrets may live."""

from collections.abc import Mapping
from copy import copy

from django.urls import reverse

from accounts.forms.organization import OrganizationForm
from accounts.models import Organization
from accounts.services.organization import change_organization, subject_of
from audit.actors import Actor
from common.edits import Changes
from oauthapps.console.reverting.kinds import Revertible, Values, problems_of

LABELS = {name: str(field.label) for name, field in OrganizationForm.base_fields.items()}


def organization() -> Revertible[Organization]:
    """Return how the organization's settings are put back."""
    return Revertible(
        rows=Organization.objects.in_bulk,
        subject=lambda row: subject_of(row, LABELS),
        page=lambda _: reverse("organization"),
        problems=problems_of_organization,
        widens=lambda _row, _values: True,
        put_back=put_back,
    )


def problems_of_organization(row: Organization, values: Values) -> list[str]:
    """Say what its page would have against values, given that all others stay."""
    state = {**{name: getattr(row, name) for name in LABELS}, **values}
    data = {name: "" if value is None else str(value) for name, value in state.items()}
    return problems_of(OrganizationForm(data, instance=copy(row)))


def put_back(
    _: Organization, values: Values, *, actor: Actor, based_on: Mapping[str, str], detail: str
) -> Changes:
    """Give the organization values that it had."""
    labels = {name: LABELS[name] for name in values}
    return change_organization(values, labels=labels, based_on=based_on, actor=actor, detail=detail)
