"""Through which day a client secret or public key works: a choice of spans, or a date."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from common.words import counted
from oauthapps.errors import InvalidExpiryError
from oauthapps.rules.expiry import OFFERED_DAYS, Days, days_of_new

NEVER, ON_A_DATE = "never", "date"


class DayField(forms.DateField):
    """A day in UTC, typed or picked."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ExpiryForm(forms.Form):
    """Asks through which day something works; `last_day` is the answer.

    A form of which nothing was sent means as long as the organization allows.

    Args:
        days: the days to choose from; those of something new that nothing limits when None.
        sent_with: the id of the form that the fields are sent with, where they stand outside of it.
    """

    # What expires; it is part of the names of the fields, because one form may send several.
    of = "secret"

    def __init__(self, *sent: Any, days: Days | None = None, sent_with: str = "", **more: Any) -> None:
        super().__init__(*sent, **more)
        self.days = days or days_of_new(timezone.now())
        self.choice_name, self.day_name = f"{self.of}_expires", f"{self.of}_expires_on"
        self.fields |= {
            self.choice_name: forms.ChoiceField(
                label="Expires", choices=self.choices, initial=self.default, required=False
            ),
            self.day_name: DayField(label="Date", required=False, help_text=self.help_text),
        }
        limits = {"min": f"{self.days.first}", "max": f"{self.days.last}"}
        self.fields[self.day_name].widget.attrs |= limits
        if sent_with:
            for name in (self.choice_name, self.day_name):
                self.fields[name].widget.attrs["form"] = sent_with

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What can be chosen: what the organization's rule leaves."""
        most = (self.days.last - self.days.first).days
        spans = sorted({*OFFERED_DAYS, self.days.most_days or OFFERED_DAYS[0]})
        never = [(NEVER, "Never")] if self.days.may_be_never else []
        offered = [(f"{span}", f"In {counted(span, 'day')}") for span in spans if span <= most]
        return [*never, *offered, (ON_A_DATE, "On a date")]

    @property
    def default(self) -> str:
        """What is chosen beforehand: the longest that there is."""
        return NEVER if self.days.may_be_never else self.choices[-2 if len(self.choices) > 1 else -1][0]

    @property
    def help_text(self) -> str:
        """What a date means, and what the organization's rule is."""
        rule = f" {self.days.rule.capitalize()}." if self.days.most_days else ""
        return f"For “On a date”: the last day it works, until midnight UTC at its end.{rule}"

    @property
    def expiry_fields(self) -> list[forms.BoundField]:
        """Both fields, for templates."""
        return [self[self.choice_name], self[self.day_name]]

    def clean(self) -> dict[str, Any]:
        """Put choice and date together."""
        data: dict[str, Any] = super().clean() or {}
        if not {self.choice_name, self.day_name} & self.errors.keys():
            try:
                self.last_day = self.chosen(data[self.choice_name] or self.default, data[self.day_name])
                self.days.end_of(self.last_day)
            except InvalidExpiryError as error:
                self.add_error(self.day_name, error.message)
        return data

    def chosen(self, choice: str, day: date | None) -> date | None:
        """Return the last day that was chosen; None for never.

        Raises:
            InvalidExpiryError: when there is a date that isn't chosen, or none that is.
        """
        if choice == ON_A_DATE:
            if day is None:
                raise InvalidExpiryError("Enter the date.")
            return day
        if day is not None and self.day_name in self.changed_data:
            raise InvalidExpiryError("Choose “On a date” to use this date, or clear it.")
        return None if choice == NEVER else self.days.first + timedelta(days=int(choice))


class KeyExpiryForm(ExpiryForm):
    """Asks through which day a public key works."""

    of = "key"
