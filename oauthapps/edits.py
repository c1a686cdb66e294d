"""What a form was filled in on top of, and what is to be done where somebody else saved meanwhile.

A form says on top of which values it was filled in: by marks, which name values without repeating them. What
only others have changed stays; where two people gave one thing two values, the second is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from oauthapps.errors import GatehouseError

FIELD, CHOICE, THEIRS = "based_on", "choice-", "theirs"

Readable = str | bool | list[str]


class Change(Protocol):
    """A change that was recorded: an event."""

    at: datetime
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Something that two people gave two values.

    Attributes:
        name: the field's name.
        label: how the page calls it.
        mine: the value that was to be saved, readable.
        theirs: the value that is saved now, likewise.
        mark: what names that value.
        event: the change that saved it, if it is known.
    """

    name: str
    label: str
    mine: Readable
    theirs: Readable
    mark: str
    event: Change | None

    @property
    def my_lines(self) -> list[str]:
        """My value as lines of text; none where it is empty."""
        return lines_of(self.mine)

    @property
    def their_lines(self) -> list[str]:
        """Their value as lines of text; none where it is empty."""
        return lines_of(self.theirs)

    @property
    def at(self) -> datetime | None:
        """When it was saved."""
        return self.event.at if self.event else None


class ClashError(GatehouseError):
    """Somebody else saved other values for the same fields; nothing was changed."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__("The same fields were changed since you opened this page.")
        self.clashes = list(clashes)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is edited, as far as a clash has to tell of it.

    Attributes:
        state: the present values of the fields that are to be saved.
        labels: how pages call each field.
        recorded_as: how events call those that they call something else.
        changes: finds its latest changes, the last one first.
        readable: writes a field's value as the page shows it.
    """

    state: Mapping[str, Any]
    labels: Mapping[str, str]
    changes: Callable[[], Iterable[Change]]
    recorded_as: Mapping[str, str] = field(default_factory=dict)
    readable: Callable[[str, Any], Readable] = lambda _, value: str(value)

    def clash(self, name: str, mine: Any) -> Clash:
        """Describe the value that somebody else saved, with the latest change of it."""
        key = self.recorded_as.get(name, self.labels[name])
        return Clash(
            name=name,
            label=self.labels[name],
            mine=self.readable(name, mine),
            theirs=self.readable(name, self.state[name]),
            mark=mark(self.state[name]),
            event=next((change for change in self.changes() if key in change.after), None),
        )


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a change came to, in the page's words.

    Attributes:
        changed: what has a new value.
        kept: what somebody else had changed since, and this change did not touch.
    """

    changed: list[str]
    kept: list[str]

    @property
    def kept_sentence(self) -> str:
        """What somebody else had changed, as a sentence; empty where there is nothing."""
        names = ", ".join(self.kept)
        return f"Changed by somebody else in the meantime, and kept: {names}" if names else ""


def keep_what_others_changed(
    wanted: dict[str, Any], based_on: Mapping[str, str], subject: Subject
) -> list[str]:
    """Take out of `wanted` what only others have changed, and return what that is called.

    Args:
        wanted: the values to be saved, by field.
        based_on: the marks of the values that they were chosen on top of.
        subject: what they are to be saved in.

    Raises:
        ClashError: when something was changed by both, to different values.
    """
    state = subject.state
    moved = [name for name in wanted if name in based_on and based_on[name] != mark(state[name])]
    kept = [name for name in moved if mark(wanted[name]) == based_on[name]]
    clashing = [name for name in moved if name not in kept and wanted[name] != state[name]]
    if clashing:
        raise ClashError([subject.clash(name, wanted[name]) for name in clashing])
    for name in kept:
        del wanted[name]
    return [subject.labels[name] for name in kept]


def mark(value: Any) -> str:
    """Return a short name for a value: the same for the same value, and no part of it."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def lines_of(value: Readable) -> list[str]:
    """Return a readable value as lines of text; none where it is empty."""
    if isinstance(value, bool):
        return ["on" if value else "off"]
    return value.splitlines() if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The marks of the values a form was shown with, by field, and a choice for each field that clashed.

    A choice is the word "theirs", or the mark of their value: the person has seen that and keeps their own.
    """

    marks: dict[str, str]
    choices: dict[str, str] = field(default_factory=dict)

    @classmethod
    def shown(cls, state: Mapping[str, Any]) -> Basis:
        """Return the basis of a form that is about to be shown with these values."""
        return cls(marks={name: mark(value) for name, value in state.items()})

    @classmethod
    def sent(cls, data: Mapping[str, Any]) -> Basis:
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

    def edited(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the person means to save: not what is as it was shown, nor what is left to others."""
        accepted = self.accepted
        return {
            name: value
            for name, value in values.items()
            if not self.gives_way(name) and accepted.get(name) != mark(value)
        }

    def gives_way(self, name: str) -> bool:
        """Return whether the person takes the other value of a field."""
        return self.choices.get(name) == THEIRS
