"""Putting back what an API was, and what was said of its scopes."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from audit.actors import Actor
from common.edits import Changes
from oauthapps.console.forms.apis import ApiForm
from oauthapps.console.forms.scope_rows import IS_DEFAULT, NAME, SENTENCE, ScopeRows
from oauthapps.console.reverting.kinds import Revertible, Values, problems_of
from oauthapps.models import Api, Application
from oauthapps.services.api_edits import LABELS, VERIFIERS, scope_name, state_of, subject_of
from oauthapps.services.apis import change_api
from oauthapps.services.scopes import NewScope


def apis() -> Revertible[Api]:
    """Return how APIs are put back; what is said of a scope is one value of its API."""
    return Revertible(
        rows=lambda pks: Api.objects.live().in_bulk(pks),
        subject=subject_of,
        page=lambda row: row.get_absolute_url(),
        problems=problems_of_api,
        widens=lambda _row, _values: True,
        put_back=put_back,
        available=without_gone,
    )


def put_back(row: Api, values: Values, *, actor: Actor, based_on: Mapping[str, str], detail: str) -> Changes:
    """Give an API, or scopes of it, values that they had."""
    verifiers = Application.objects.live().filter(client_id__in=values.get(VERIFIERS, ()))
    return change_api(
        row,
        {name: value for name, value in values.items() if name in LABELS and name != VERIFIERS},
        verifiers=list(verifiers) if VERIFIERS in values else None,
        scopes=scopes_in(values),
        based_on=based_on,
        actor=actor,
        detail=detail,
    )


def scopes_in(values: Values) -> list[NewScope]:
    """Return the scopes among the values of an API."""
    return [
        NewScope(name=scope_name(key), sentence=value[0], is_default=value[1])
        for key, value in values.items()
        if key not in LABELS
    ]


def without_gone(values: Values) -> tuple[dict[str, Any], list[str]]:
    """Return values without the verifying applications that were deleted since, and their names."""
    kept = dict(values)
    known = Application.objects.filter(client_id__in=kept.get(VERIFIERS, ()))
    gone = dict(known.exclude(deleted_at=None).order_by("name").values_list("client_id", "name"))
    if gone:
        kept[VERIFIERS] = [client_id for client_id in kept[VERIFIERS] if client_id not in gone]
    return kept, list(gone.values())


def problems_of_api(row: Api, values: Values) -> list[str]:
    """Say what the page of an API would have against values, given that all others stay."""
    data = QueryDict(mutable=True)
    state = {**state_of(row), **values}
    data.update({name: str(state[name]) for name in LABELS if name != VERIFIERS})
    data.setlist(VERIFIERS, state[VERIFIERS])
    scopes = scopes_in(state)
    data.setlist(NAME, [scope.name for scope in scopes])
    data.setlist(SENTENCE, [scope.sentence for scope in scopes])
    data.setlist(IS_DEFAULT, [str(n) for n, scope in enumerate(scopes, start=1) if scope.is_default])
    form, rows = ApiForm(data, api=row), ScopeRows.sent(data, row)
    rows.is_valid()
    return [*problems_of(form), *(f"{each.label}: {each.error}" for each in rows if each.error)]
