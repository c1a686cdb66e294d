"""The form that asks for the name of something before it is deleted with everything it has."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.names import is_same_name


class ConfirmNameForm(forms.Form):
    """The name of what is to be deleted, typed or pasted.

    Args:
        data: what was sent; None where nothing was.
        named: the name.
        noun: what it is the name of.
    """

    name = forms.CharField(
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, named: str, noun: str = "application"
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
        if not is_same_name(name, self.named):
            raise ValidationError(f"This isn't the {self.noun} name. Nothing was deleted.")
        return name
