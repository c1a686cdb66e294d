"""What somebody else saved of an application since one began to change it, and whether that clashes.

A form says on top of which values it was filled in: by marks, which name values without repeating them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oauthapps.errors import GatehouseError
from oauthapps.models import Application, Event, Logo
from oauthapps.models.events import EventKind

REDIRECT_URLS, LOGO = "redirect_urls", "logo"  # what an application has beside its fields
LABELS = {REDIRECT_URLS: "Redirect URLs", LOGO: "Logo"}
LATEST = 20  # changes that are looked through for whoever saved a value

Readable = str | bool | list[str]


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
    event: Event | None

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
        super().__init__("Somebody else has changed the same fields since you opened this page.")
        self.clashes = list(clashes)


def keep_what_others_changed(
    application: Application,
    wanted: dict[str, Any],
    state: Mapping[str, Any],
    based_on: Mapping[str, str],
    names: Mapping[str, str],
) -> list[str]:
    """Take out of `wanted` what only others have changed, and return what that is called.

    Raises:
        ClashError: when something was changed by both, to different values.
    """
    moved = [name for name in wanted if name in based_on and based_on[name] != mark(state[name])]
    kept = [name for name in moved if mark(wanted[name]) == based_on[name]]
    clashing = [name for name in moved if name not in kept and wanted[name] != state[name]]
    if clashing:
        raise ClashError(
            [clash(application, name, names[name], wanted[name], state[name]) for name in clashing]
        )
    for name in kept:
        del wanted[name]
    return [names[name] for name in kept]


def clash(application: Application, name: str, label: str, mine: Any, theirs: Any) -> Clash:
    """Describe the value that somebody else saved, with the latest change of it."""
    latest = application.events.filter(kind=EventKind.APPLICATION_CHANGED).select_related("actor")[:LATEST]
    event = next((event for event in latest if label in event.after), None)
    return Clash(
        name=name,
        label=label,
        mine=readable(name, mine),
        theirs=readable(name, theirs),
        mark=mark(theirs),
        event=event,
    )


def marks_of(application: Application, names: Iterable[str]) -> dict[str, str]:
    """Return what names the present values of these fields, so that a later change can be recognised."""
    return {name: mark(value) for name, value in state_of(application, names).items()}


def state_of(application: Application, names: Iterable[str]) -> dict[str, Any]:
    """Return the present values of these fields, as they are compared."""
    return {name: value_of(application, name) for name in names}


def value_of(application: Application, name: str) -> Any:
    """Return the present value of one of them."""
    if name == REDIRECT_URLS:
        return [row.url for row in application.redirect_urls.all()]
    if name == LOGO:
        return next(iter(Logo.objects.filter(application=application).values_list("digest", flat=True)), "")
    return getattr(application, name)


def mark(value: Any) -> str:
    """Return a short name for a value: the same for the same value, and no part of it."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def readable(name: str, value: Any) -> Readable:
    """Return a field's value as the page shows it."""
    if name == LOGO:
        return "a new picture" if value else "no logo"
    if isinstance(value, bool | list):
        return value
    choices = dict(Application._meta.get_field(name).flatchoices)
    return str(choices.get(value, value))


def lines_of(value: Readable) -> list[str]:
    """Return a readable value as lines of text; none where it is empty."""
    if isinstance(value, bool):
        return ["on" if value else "off"]
    return value.splitlines() if isinstance(value, str) else value
