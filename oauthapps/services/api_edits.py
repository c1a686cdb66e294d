"""What an API is compared by where two administrators change it at once (`common.edits`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from audit.models import Event, EventKind
from common.edits import LATEST_CHANGES, Readable, Subject, version_of
from common.words import span_in_words
from oauthapps.models import Api, Application, Scope

VERIFIERS = "verifiers"  # what an API has beside its fields and scopes
LABELS = {
    "name": "Name",
    "description": "Description",
    "token_seconds": "Access token lifetime",
    VERIFIERS: "Verifying applications",
}
_SCOPE = "scope-"


def scope_key(name: str) -> str:
    """Return what a scope is called among the values of its API."""
    return f"{_SCOPE}{name}"


def scope_name(key: str) -> str:
    """Return the name of the scope that is called so there."""
    return key.removeprefix(_SCOPE)


def label_of(key: str) -> str:
    """Return how the page calls a value."""
    return LABELS.get(key, f"Scope {scope_name(key)}")


def state_of(api: Api) -> dict[str, Any]:
    """Return the present values of all that the page can change of an API."""
    return {**fields_of(api), **{scope_key(scope.name): value_of(scope) for scope in api.scopes.live()}}


def fields_of(api: Api) -> dict[str, Any]:
    """Return those of them that are no scopes."""
    return {
        **{name: getattr(api, name) for name in LABELS if name != VERIFIERS},
        VERIFIERS: sorted(api.verifiers.filter(deleted_at=None).values_list("client_id", flat=True)),
    }


def based_on_all(based_on: Mapping[str, str], state: Mapping[str, Any]) -> dict[str, str]:
    """Return what a form was filled in on top of: without the scopes that were added since it was shown.

    Args:
        based_on: the versions that came with the form; empty from a client that has not seen the page.
        state: the present values.
    """
    if not based_on:
        return {}
    return {key: version_of(None) for key in state if key not in LABELS} | dict(based_on)


def value_of(scope: Scope) -> list[Any]:
    """Return what can be changed of a scope, as it is compared."""
    return [scope.sentence, scope.is_default]


def subject_of(api: Api) -> Subject:
    """Return an API as an edit conflict tells of it."""
    state = state_of(api)
    return Subject(
        state=state,
        labels={key: label_of(key) for key in state},
        changes=lambda: changes_of(api),
        readable=readable,
    )


def changes_of(api: Api) -> Iterator[Event]:
    """Go through the latest changes of an API and its scopes, the last one first.

    Those from before events kept its primary key are among them if they call it what it is called now.
    """
    of_itself = Q(kind=EventKind.API_CHANGED)
    of_scopes = Q(kind__in=(EventKind.SCOPE_ADDED, EventKind.SCOPE_CHANGED))
    is_named = of_itself & Q(detail=api.name) | of_scopes & Q(detail__startswith=f"{api.name}: ")
    is_change = (of_itself | of_scopes) & Q(subject=api.pk) | is_named & Q(subject=None)
    for event in Event.objects.filter(is_change).select_related("actor")[:LATEST_CHANGES]:
        if event.kind != EventKind.API_CHANGED:  # a scope is one value here
            event.after = {label_of(scope_of(event)): event.after}
        yield event


def scope_of(event: Event) -> str:
    """Return what the scope that an event added or changed is called among the values of its API."""
    return next(iter(event.values), scope_key(event.detail.rpartition(": ")[2]))


def readable(key: str, value: Any) -> Readable:
    """Return a value as the page shows it."""
    if key == "token_seconds":
        return span_in_words(value)
    if key == VERIFIERS:
        return names_of(value)
    if key in LABELS:
        return str(value)
    sentence, is_default = value
    return [sentence, f"{'Asked' if is_default else 'Not asked'} for by default"]


def names_of(client_ids: list[str]) -> list[str]:
    """Return the names of applications."""
    rows = Application.objects.filter(client_id__in=client_ids)
    return list(rows.order_by("name").values_list("name", flat=True))
