"""How a kind of object is put back; settings of applications are not among them: they have a page of it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django import forms

from audit.actors import Actor
from common.edits import Changes, Subject

Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)
Values = Mapping[str, Any]


class PutBack(Protocol[Row_contra]):
    """A service that gives an object values that it had."""

    def __call__(
        self, row: Row_contra, values: Values, /, *, actor: Actor, based_on: Mapping[str, str], detail: str
    ) -> Changes:
        """Give it these, on top of the versions that an event left, and record that with this detail."""


@dataclass(frozen=True, kw_only=True)
class Revertible(Generic[Row]):
    """How the changes of one kind of object are put back.

    Attributes:
        rows: finds those that are there, by primary key.
        subject: returns one as an edit conflict tells of it: its fields, and what pages call them.
        page: returns the URL of the page where one is changed otherwise.
        problems: says what its form would have against values.
        widens: returns whether values ask for a recent sign-in, as its form does.
        put_back: the service.
        available: returns values without what is gone by now, and what that is called.
    """

    rows: Callable[[Collection[int]], Mapping[int, Row]]
    subject: Callable[[Row], Subject]
    page: Callable[[Row], str]
    problems: Callable[[Row, Values], list[str]]
    widens: Callable[[Row, Values], bool]
    put_back: PutBack[Row]
    available: Callable[[Values], tuple[dict[str, Any], list[str]]] = lambda values: (dict(values), [])


def problems_of(form: forms.BaseForm) -> list[str]:
    """Return what is wrong with a form, as sentences with the label of the field."""
    form.full_clean()
    labels = {name: f"{field.label}: " for name, field in form.fields.items()}
    return [
        f"{labels.get(name, '')}{message}" for name, messages in form.errors.items() for message in messages
    ]
