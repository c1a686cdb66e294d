"""On which day a client secret or public key is retired."""

from datetime import date
from typing import Any

from django import forms

from oauthapps.console.forms.expiry import DayField
from oauthapps.errors import InvalidExpiryError
from oauthapps.services.retirements import retirement_days


class RetirementForm(forms.Form):
    """Asks for the day."""

    retire_on = DayField(
        label="Retire on",
        help_text="Deleted at midnight UTC at the end of this day, unless it was used in the last 24 hours.",
    )

    def __init__(self, *sent: Any, **more: Any) -> None:
        super().__init__(*sent, **more)
        self.days = retirement_days()
        limits = {"min": f"{self.days.first}", "max": f"{self.days.last}"}
        self.fields["retire_on"].widget.attrs |= limits

    def clean_retire_on(self) -> date:
        """Return the day, if it can be that one."""
        day: date = self.cleaned_data["retire_on"]
        try:
            self.days.end_of(day)
        except InvalidExpiryError as error:
            raise forms.ValidationError(error.message) from error
        return day
