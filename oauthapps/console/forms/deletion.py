"""The form that asks for the name of an application or API before everything it has is deleted."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from common.names import is_same_name
from oauthapps.models import Api, Application


class ConfirmNameForm(forms.Form):
    """The name of what is to be deleted, typed or pasted."""

    name = forms.CharField(
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )

    def __init__(
        self, data: QueryDict | None = None, *, named: Application | Api, noun: str = "application"
    ) -> None:
        super().__init__(data)
        self.named, self.noun = named, noun
        name = self.fields["name"]
        name.label = f"To confirm, enter the {noun} name"
        name.error_messages["required"] = f"Enter the {noun} name. Nothing was deleted."

    def clean_name(self) -> str:
        """Compare what was entered, capitals, spaces and invisible characters aside.

        Raises:
            ValidationError: when it is another name.
        """
        name: str = self.cleaned_data["name"]
        if not is_same_name(name, self.named.name):
            raise ValidationError(f"This isn't the {self.noun} name. Nothing was deleted.")
        return name
