"""The form that asks for the name of something before deleting it with everything it contains."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.names import is_same_name


class ConfirmNameForm(forms.Form):
    """Asks for the name of what is about to be deleted.

    Args:
        data: what was sent; None if nothing was.
        named: the name.
        noun: what it is the name of, such as "application".
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
        """Compare the entered name, ignoring case, spaces, and invisible characters.

        Raises:
            ValidationError: when it is another name.
        """
        name: str = self.cleaned_data["name"]
        if not is_same_name(name, self.named):
            raise ValidationError(f"This isn't the {self.noun} name. Nothing was deleted.")
        return name
