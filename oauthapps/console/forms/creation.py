"""The form "New OAuth2 application": a type, which never changes, and a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from accounts.models import Organization
from common.validators import validate_name
from oauthapps.console.forms.expiry import ExpiryForm
from oauthapps.models import Application
from oauthapps.models.applications import NAME_REQUIRED
from oauthapps.rules.app_types import AppType, TypeSpec, spec_of
from oauthapps.rules.expiry import days_of_new


@dataclass(frozen=True, kw_only=True)
class TypeCard:
    """A type as one choice: its radio button's id and value, and what the type is good for."""

    id: str
    value: str
    spec: TypeSpec
    is_chosen: bool


class NewApplicationForm(ExpiryForm):
    """Type and name of a new application, and when its first client secret expires."""

    app_type = forms.ChoiceField(
        label="Application type",
        choices=AppType.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose one of the three types.",
            "invalid_choice": "Choose one of the three types.",
        },
    )
    name = forms.CharField(
        label="Name",
        max_length=Application._meta.get_field("name").max_length,
        validators=[validate_name],
        widget=forms.TextInput(
            attrs={"placeholder": f"{settings.PRODUCT_NAME} for ClientApp", "autocomplete": "off"}
        ),
        error_messages={"required": NAME_REQUIRED},
    )

    def __init__(self, *sent: Any) -> None:
        now = timezone.now()
        super().__init__(*sent, days=days_of_new(now, Organization.current().secret_days))
        self.fields[self.choice_name].label = "Client secret expires"
        self.fields[self.choice_name].help_text = "For types that have a client secret."

    @property
    def cards(self) -> Iterator[TypeCard]:
        """The three types, each with what it is best for."""
        for number, app_type in enumerate(AppType):
            yield TypeCard(
                id=f"id_app_type_{number}",
                value=app_type.value,
                spec=spec_of(app_type),
                is_chosen=self["app_type"].value() == app_type,
            )
