"""The form that asks for an application's name before everything it has is deleted."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from common.names import is_same_name
from oauthapps.models import Application


class ConfirmNameForm(forms.Form):
    """The application's name, typed or pasted."""

    name = forms.CharField(
        label="To confirm, enter the application name",
        error_messages={"required": "Enter the application name. Nothing was deleted."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )

    def __init__(self, data: QueryDict | None = None, *, application: Application) -> None:
        super().__init__(data)
        self.application = application

    def clean_name(self) -> str:
        """Compare what was entered, capitals, spaces and invisible characters aside.

        Raises:
            ValidationError: when it is another name.
        """
        name: str = self.cleaned_data["name"]
        if not is_same_name(name, self.application.name):
            raise ValidationError("This isn't the application name. Nothing was deleted.")
        return name
