"""What to look for among the events: who, what, to which application, when, and from where."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.http import QueryDict

from audit.models import Event, EventKind, EventQuerySet
from oauthapps.console.forms.records import RecordFilters, application_field
from oauthapps.models import Application


def object_of(kind: EventKind) -> str:
    """Return what a kind of event is about, such as `secret`."""
    return kind.value.partition(":")[0]


# What happens to applications; the other events are about people.
OBJECTS_OF_APPLICATIONS = {
    "application",
    "moving_in",
    "exception",
    "recording",
    "secret",
    "key",
    "hygiene",
    "consent",
    "code",
    "refresh_token",
    "token",
}


def kinds() -> list[tuple[str, Any]]:
    """Return the kinds of events as choices, those about one object together."""
    return grouped(EventKind)


def kinds_of_applications() -> list[tuple[str, Any]]:
    """Return the kinds of events that an application can have, likewise."""
    return grouped(kind for kind in EventKind if object_of(kind) in OBJECTS_OF_APPLICATIONS)


def grouped(kinds: Iterable[EventKind]) -> list[tuple[str, Any]]:
    """Return kinds of events as choices, those about one object together."""
    choices: list[tuple[str, Any]] = [("", "Any event")]
    for name, found in groupby(kinds, key=object_of):
        members = [(kind.value, kind.label) for kind in found]
        words = name.replace("_", " ").replace("sign in", "sign-in").replace("api", "API")
        everything = [(f"{name}:", f"All {words} events")] if len(members) > 1 else []
        choices.append((f"{words[0].upper()}{words[1:]}", everything + members))
    return choices


class EventFilters(RecordFilters):
    """Filters of events."""

    who = forms.CharField(
        label="Who",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Name or client ID"}),
    )
    what = forms.ChoiceField(label="Event", choices=kinds, required=False)

    field_order: tuple[str, ...] = ("who", "what")

    def select(self) -> EventQuerySet:
        """Return the events that were asked for, the latest first; the form is valid."""
        asked = self.cleaned_data
        found = Event.objects.between(asked["first"], asked["last"])
        if asked["who"]:
            found = found.involving(asked["who"])
        if asked["what"]:
            found = found.of_kind(asked["what"])
        if asked["address"]:
            found = found.filter(address=asked["address"])
        return found.order_by("-pk")


class ActivityForm(EventFilters):
    """Filters of all events; the application is chosen from a list, or typed where that would be long."""

    field_order = ("who", "what", "application")

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["application"] = application_field()
        self.order_fields(self.field_order)

    def select(self) -> EventQuerySet:
        """Return the events that were asked for, the latest first; the form is valid."""
        text = self.cleaned_data["application"]
        found = super().select()
        return found.filter(application__in=Application.objects.matching(text)) if text else found


class ApplicationActivityForm(EventFilters):
    """Filters of the events of one application."""

    what = forms.ChoiceField(label="Event", choices=kinds_of_applications, required=False)

    def __init__(self, data: QueryDict, *, application: Application) -> None:
        super().__init__(data)
        self.about = application

    def select(self) -> EventQuerySet:
        """Return the events that were asked for, the latest first; the form is valid."""
        return super().select().filter(application=self.about)
