"""What is typed about a dated exception: its last day."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from oauthapps.models import DatedException
from oauthapps.rules.dated_exceptions import ExceptionKind, last_days


class ExceptionForm(forms.Form):
    """Asks for the last day of an exception.

    Args:
        kind: which exception.
        row: the exception, if the application has or had it.
    """

    last_day = forms.DateField(
        label="Last day",
        help_text="Ends at midnight UTC at the end of this day.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None, *, kind: ExceptionKind, row: DatedException | None = None) -> None:
        initial = {"last_day": row.last_day} if row and row.is_in_force else {}
        super().__init__(data, initial=initial, auto_id=f"id_{kind.value}_%s")
        self.kind = kind
        self.allowed = last_days(timezone.now())
        day = self.fields["last_day"]
        day.widget.attrs |= {"min": f"{self.allowed.first}", "max": f"{self.allowed.last}"}

    def clean_last_day(self) -> date:
        """Return the day, which is one that an exception can end on."""
        day: date = self.cleaned_data["last_day"]
        if day < self.allowed.first:
            raise forms.ValidationError("Choose today or a later day (UTC).")
        if day > self.allowed.last:
            raise forms.ValidationError(f"An exception can last until {self.allowed.last} at most.")
        return day
