"""What to look for among the events: who, what, to which application, when, and from where."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F
from django.http import QueryDict

from audit.models import Event, EventKind, EventQuerySet
from oauthapps.models import Application


def object_of(kind: EventKind) -> str:
    """Return what a kind of event is about, such as `secret`."""
    return kind.value.partition(":")[0]


MOST_CHOICES = 50

# What happens to applications; the other events are about people.
OBJECTS_OF_APPLICATIONS = {
    "application",
    "moving_in",
    "exception",
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


def applications() -> list[tuple[str, str]] | None:
    """Return every application there is or was as choices, in one statement; None where they are too many."""
    live_first = F("deleted_at").asc(nulls_first=True)
    found = Application.objects.order_by(live_first, "name").values_list("client_id", "name", "deleted_at")
    rows = found[: MOST_CHOICES + 1]
    if len(rows) > MOST_CHOICES:
        return None
    return [
        ("", "Any application"),
        *((client_id, f"{name} (deleted)" if gone else name) for client_id, name, gone in rows),
    ]


class EventFilters(forms.Form):
    """A GET form; what is left empty does not narrow the list."""

    who = forms.CharField(
        label="Who",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Name or client ID"}),
    )
    what = forms.ChoiceField(label="Event", choices=kinds, required=False)
    first = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    address = forms.GenericIPAddressField(label="IP address", required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        cleaned: dict[str, Any] = self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "This date is before the “From” date.")
        return cleaned

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def query(self) -> str:
        """What was asked for as a query string, for the link to older events."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})

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

    application = forms.CharField(
        label="Application",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Name, developer, or ID"}),
    )

    field_order = ("who", "what", "application")

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        choices = applications()
        if choices:
            self.fields["application"] = forms.ChoiceField(
                label="Application", choices=choices, required=False
            )

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
