"""What a form was filled in on top of, and what is to be done where somebody else saved meanwhile.

Optimistic concurrency, field by field. A form says which versions of the values it was filled in on top of; a
version is a digest, which names a value without repeating it. What only others have changed stays; where two
people gave one thing two values, that is an edit conflict, and the second is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from common.errors import GatehouseError

FIELD, CHOICE, THEIRS = "based_on", "choice-", "theirs"
LATEST_CHANGES = 20  # are looked through for whoever saved a value

Readable = str | bool | list[str]


class Change(Protocol):
    """A change that was recorded: an event."""

    at: datetime
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EditConflict:
    """Something that two people gave two values.

    Attributes:
        name: the field's name.
        label: how the page calls it.
        mine: the value that was to be saved, readable.
        theirs: the value that is saved now, likewise.
        version: the version of that value.
        event: the change that saved it, if it is known.
    """

    name: str
    label: str
    mine: Readable
    theirs: Readable
    version: str
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


class EditConflictError(GatehouseError):
    """Somebody else saved other values for the same fields; nothing was changed."""

    def __init__(self, conflicts: Sequence[EditConflict]) -> None:
        super().__init__("The same fields were changed since you opened this page.")
        self.conflicts = list(conflicts)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is edited, as far as an edit conflict has to tell of it.

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

    def conflict(self, name: str, mine: Any) -> EditConflict:
        """Describe the value that somebody else saved, with the latest change of it."""
        key = self.recorded_as.get(name, self.labels[name])
        return EditConflict(
            name=name,
            label=self.labels[name],
            mine=self.readable(name, mine),
            theirs=self.readable(name, self.state[name]),
            version=version_of(self.state[name]),
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
        return f"Changed by someone else in the meantime, and kept: {names}" if names else ""


def merge_edits(wanted: dict[str, Any], based_on: Mapping[str, str], subject: Subject) -> list[str]:
    """Take out of `wanted` what only others have changed, and return what that is called.

    Args:
        wanted: the values to be saved, by field.
        based_on: the versions of the values that they were chosen on top of.
        subject: what they are to be saved in.

    Raises:
        EditConflictError: when something was changed by both, to different values.
    """
    state = subject.state
    moved = [name for name in wanted if name in based_on and based_on[name] != version_of(state[name])]
    kept = [name for name in moved if version_of(wanted[name]) == based_on[name]]
    conflicting = [name for name in moved if name not in kept and wanted[name] != state[name]]
    if conflicting:
        raise EditConflictError([subject.conflict(name, wanted[name]) for name in conflicting])
    for name in kept:
        del wanted[name]
    return [subject.labels[name] for name in kept]


def version_of(value: Any) -> str:
    """Return the version of a value: the same for the same value, and no part of it."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def lines_of(value: Readable) -> list[str]:
    """Return a readable value as lines of text; none where it is empty."""
    if isinstance(value, bool):
        return ["on" if value else "off"]
    return value.splitlines() if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class BaseVersion:
    """The versions of the values a form was shown with, by field, and a choice for each field in conflict.

    A choice is the word "theirs", or the version of their value: the person has seen it and keeps their own.
    """

    versions: dict[str, str]
    choices: dict[str, str] = field(default_factory=dict)

    @classmethod
    def shown(cls, state: Mapping[str, Any]) -> BaseVersion:
        """Return the base version of a form that is about to be shown with these values."""
        return cls(versions={name: version_of(value) for name, value in state.items()})

    @classmethod
    def sent(cls, data: Mapping[str, Any]) -> BaseVersion:
        """Return what came back with the form; nothing at all from a client that has not seen the page."""
        try:
            versions = json.loads(data.get(FIELD, ""))
        except (ValueError, RecursionError):
            versions = None
        choices = {
            name.removeprefix(CHOICE): str(choice) for name, choice in data.items() if name.startswith(CHOICE)
        }
        if not isinstance(versions, dict):
            return cls(versions={}, choices=choices)
        return cls(versions={name: str(version) for name, version in versions.items()}, choices=choices)

    @property
    def text(self) -> str:
        """The hidden field's value."""
        return json.dumps(self.versions, separators=(",", ":"))

    @property
    def accepted(self) -> dict[str, str]:
        """The versions of all that the person has seen by now and means to replace."""
        return self.versions | {name: choice for name, choice in self.choices.items() if choice != THEIRS}

    def edited(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the person means to save: not what is as it was shown, nor what is left to others."""
        accepted = self.accepted
        return {
            name: value
            for name, value in values.items()
            if not self.takes_theirs(name) and accepted.get(name) != version_of(value)
        }

    def takes_theirs(self, name: str) -> bool:
        """Return whether the person takes the other value of a field."""
        return self.choices.get(name) == THEIRS
