"""What a list is narrowed to, from the query of its URL."""

from functools import cached_property
from typing import Self
from urllib.parse import urlencode

from django import forms


class FilterForm(forms.Form):
    """A GET form. What makes no sense is ignored: it is a question, not a change."""

    @cached_property
    def chosen(self) -> dict[str, str]:
        """What was asked for and makes sense, by field."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def shown(self) -> Self:
        """The form to ask again with, which holds what was chosen."""
        return type(self)(initial=self.chosen)

    @property
    def query(self) -> str:
        """The same as a query string, for links to other pages of the list."""
        return urlencode(self.chosen)
