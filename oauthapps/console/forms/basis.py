"""What a form was filled in on top of, and what was decided where somebody else saved meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import QueryDict

from oauthapps.models import Application
from oauthapps.services.clashes import marks_of

FIELD, CHOICE, THEIRS = "based_on", "choice-", "theirs"


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The marks of the values a form was shown with, by field, and a choice for each field that clashed.

    A choice is the word "theirs", or the mark of their value: the person has seen that and keeps their own.
    """

    marks: dict[str, str]
    choices: dict[str, str] = field(default_factory=dict)

    @classmethod
    def shown(cls, application: Application, names: Iterable[str]) -> Basis:
        """Return the basis of a form that is about to be shown."""
        return cls(marks=marks_of(application, names))

    @classmethod
    def sent(cls, data: QueryDict) -> Basis:
        """Return what came back with the form; nothing at all from a program that has not seen the page."""
        try:
            marks = json.loads(data.get(FIELD, ""))
        except (ValueError, RecursionError):
            marks = None
        choices = {
            name.removeprefix(CHOICE): str(choice) for name, choice in data.items() if name.startswith(CHOICE)
        }
        if not isinstance(marks, dict):
            return cls(marks={}, choices=choices)
        return cls(marks={name: str(mark) for name, mark in marks.items()}, choices=choices)

    @property
    def text(self) -> str:
        """The hidden field's value."""
        return json.dumps(self.marks, separators=(",", ":"))

    @property
    def accepted(self) -> dict[str, str]:
        """The marks of all that the person has seen by now and means to replace."""
        return self.marks | {name: choice for name, choice in self.choices.items() if choice != THEIRS}

    def gives_way(self, name: str) -> bool:
        """Return whether the person takes the other value of a field."""
        return self.choices.get(name) == THEIRS
