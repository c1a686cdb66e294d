"""Putting back what an event changed: the settings as they were before it, filled in and not saved yet.

Saving goes the way of every save, so that what has become invalid is refused, what others have changed since
is asked about, and what widens access wants a recent sign-in.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from audit.models import Event, EventKind
from common.edits import BaseVersion, version_of
from common.times import short_time
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.redirect_urls import FIELD as REDIRECT_URL
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, OWNER, REDIRECT_URLS

LONGEST_ID = 18


def reverted_event(application: Application, pk: str) -> Event | None:
    """Return the change of an application with this primary key, if it can be put back."""
    if not (pk.isascii() and pk.isdecimal() and len(pk) <= LONGEST_ID):
        return None
    changes = application.events.filter(kind=EventKind.APPLICATION_CHANGED).exclude(values={})
    event: Event | None = changes.filter(pk=int(pk)).first()
    return event


def detail_of(application: Application, pk: str, edited: Mapping[str, Any]) -> str:
    """Return what the event of a save says that puts back what another event changed; nothing for any other.

    Args:
        application: as it is now.
        pk: the primary key of the other event, as it was sent.
        edited: what is to be saved, by field.
    """
    event = reverted_event(application, pk)
    if event is None or not event.values.keys() & edited.keys():
        return ""
    return f"Reverts the change of {short_time(event.at)} by {event.actor_name}"


def values_before(event: Event, form: ApplicationForm) -> dict[str, Any]:
    """Return what the fields of an application's form had before an event, where they can have it again."""
    changed = {name: before for name, (before, _) in event.values.items() if name in form.names}
    return {name: value for name, value in changed.items() if is_offered(form, name, value)}


def is_offered(form: ApplicationForm, name: str, value: Any) -> bool:
    """Return whether a field can have a value: a list whose choice is gone would show its first one instead.

    Of scopes each is a choice of its own.
    """
    field = form.fields.get(name)
    if name == OWNER:
        return value is None or username_of(value) != ""
    if name == ALLOWED_SCOPE or not isinstance(field, forms.ChoiceField):
        return True
    return bool(field.valid_value("" if value is None else str(value)))


def filled_in(form: ApplicationForm, urls: list[str], values: Mapping[str, Any]) -> QueryDict:
    """Return what a browser would send of an application's form, with other values for some fields.

    Args:
        form: the form, unbound.
        urls: the Redirect URLs that it would show.
        values: of some fields, as they are stored.
    """
    data = QueryDict(mutable=True)
    for bound in form:
        value = values[bound.name] if bound.name in values else bound.value()
        data.setlist(bound.name, as_sent(bound.name, value, is_stored=bound.name in values))
    data.setlist(REDIRECT_URL, values.get(REDIRECT_URLS, urls))
    return data


def as_sent(name: str, value: Any, *, is_stored: bool) -> list[str]:
    """Return a field's value as a browser sends it: nothing for a box that is not ticked."""
    if name == ALLOWED_SCOPE:
        return list(scopes.parse(value)) if isinstance(value, str) else list(value or ())
    if name == OWNER and is_stored:
        return [username_of(value)]
    if isinstance(value, bool):
        return ["on"] if value else []
    return ["" if value is None else str(value)]


def username_of(person: int | None) -> str:
    """Return a person's username by the primary key; nothing for nobody."""
    found = User.objects.filter(pk=person) if person else User.objects.none()
    return next(iter(found.values_list("username", flat=True)), "")


def version_before(shown: BaseVersion, event: Event, names: Iterable[str]) -> BaseVersion:
    """Return the base version of such a form: of the fields so named, the values that an event left."""
    left = {name: version_of(event.values[name][1]) for name in names}
    return BaseVersion(versions=shown.versions | left)


def left_out(event: Event, form: ApplicationForm, values: Mapping[str, Any]) -> list[str]:
    """Return what such a form can't put back: labels of fields that stay as they are, and scopes."""
    kept = [form.labels[name] for name in form.names if name in event.values and name not in values]
    names = scopes.parse(values.get(ALLOWED_SCOPE, ""))
    return [*kept, *(name for name in names if name not in form.scopes_field.names)]
