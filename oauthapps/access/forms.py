"""What is asked on Access pages."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from accounts.fields import LONGEST_EMAIL
from common.filters import FilterForm


class PeopleSearch(FilterForm):
    """Whose access to an application a list shows."""

    q = forms.CharField(required=False, label="Name, username, or email", max_length=LONGEST_EMAIL)


class ApplicationSearch(FilterForm):
    """Which applications' access a list shows."""

    q = forms.CharField(required=False, label="Application", max_length=LONGEST_EMAIL)


class OlderForm(forms.Form):
    """A GET form that asks for the day before which access was allowed."""

    date = forms.DateField(
        label="Allowed before",
        help_text="A day in UTC. Access that was allowed on or after that day stays.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_date(self) -> datetime:
        """Return when that day begins; it must have begun."""
        day: Any = self.cleaned_data["date"]
        begin = datetime.combine(day, time.min, UTC)
        if begin > timezone.now():
            raise forms.ValidationError("Choose a day that is not in the future.")
        return begin
