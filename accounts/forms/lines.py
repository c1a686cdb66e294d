"""A list that is typed one entry to a line."""

from typing import Any

from django import forms


class LinesField(forms.CharField):
    """A text area whose lines are the entries of a list."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        attrs = {"rows": rows, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(required=False, widget=forms.Textarea(attrs=attrs), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return a list as its lines; what was typed, as it is."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the lines that have something on them."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]
