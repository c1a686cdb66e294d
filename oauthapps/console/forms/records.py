"""What the filters of events and of recorded requests share."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F

from oauthapps.models import Application

MOST_CHOICES = 50


class RecordFilters(forms.Form):
    """A GET form; what is left empty does not narrow the list."""

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

    def full_clean(self) -> None:
        """Judge what was asked for; a date that was refused is shown as text: browsers show no such date."""
        super().full_clean()
        for name in {"first", "last"} & self.errors.keys():
            widget: Any = self.fields[name].widget
            widget.input_type = "text"

    @property
    def is_narrowing(self) -> bool:
        """Whether anything was asked for."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def query(self) -> str:
        """What was asked for as a query string, for links to older records and to the file of all."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


def application_field() -> forms.Field:
    """Return the field for an application: chosen from a list, or typed where that would be long."""
    choices = applications()
    if choices:
        return forms.ChoiceField(label="Application", choices=choices, required=False)
    return forms.CharField(
        label="Application",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Name, developer, or ID"}),
    )


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
