"""Changing an application, on top of what somebody else may have saved since one began."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from oauthapps.errors import GatehouseError
from oauthapps.logos import logo_digest
from oauthapps.models import Application, Event, Logo, RedirectURL
from oauthapps.models.events import EventKind

REDIRECT_URLS, LOGO = "redirect_urls", "logo"  # what an application has beside its fields
LABELS = {REDIRECT_URLS: "Redirect URLs", LOGO: "Logo"}
LATEST = 20  # changes that are looked through for whoever saved a value

Readable = str | bool | list[str]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a change came to, in the page's words.

    Attributes:
        changed: what has a new value.
        kept: what somebody else had changed since, and this change did not touch.
    """

    changed: list[str]
    kept: list[str]


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


def change_application(
    application: Application,
    *,
    values: Mapping[str, Any],
    labels: Mapping[str, str],
    actor: Actor,
    redirect_urls: Sequence[str] | None = None,
    logo: bytes | None = None,
    based_on: Mapping[str, str] | None = None,
) -> Changes:
    """Give fields new values.

    Args:
        application: the application to change.
        values: the fields' new values by name; what is not named stays.
        labels: how the page calls each field, for the event and for the answer.
        actor: who changes it.
        redirect_urls: all redirect URLs in their order; None leaves them as they are.
        logo: a checked 256 by 256 pixel PNG; empty bytes remove the logo, None leaves it.
        based_on: the `marks_of` the values that the new ones were chosen on top of. What differs from them
            by now was changed by somebody else: it stays where the new value is the old one.

    Raises:
        ClashError: when both have changed the same, to different values.
        ValidationError: when a field has a value it cannot have.
    """
    wanted = dict(values)
    if redirect_urls is not None:
        wanted[REDIRECT_URLS] = list(redirect_urls)
    if logo is not None:
        wanted[LOGO] = logo_digest(logo) if logo else ""
    with transaction.atomic():
        current = Application.objects.select_for_update().get(pk=application.pk)
        names = {**LABELS, **labels}
        state = state_of(current, wanted)
        kept = keep_what_others_changed(current, wanted, state, based_on or {}, names)
        changed = [name for name, value in wanted.items() if value != state[name]]
        fields = [name for name in changed if name not in LABELS]
        before = {names[name]: readable(name, state[name]) for name in fields}
        for name in fields:
            setattr(application, name, wanted[name])
        application.clean_fields(exclude={field.name for field in application._meta.fields} - set(fields))
        after = {names[name]: readable(name, wanted[name]) for name in fields}
        if fields:
            application.save(update_fields=[*fields, "updated"])
        if REDIRECT_URLS in changed:
            old, new = replace_redirect_urls(application, wanted[REDIRECT_URLS], actor=actor)
            before[LABELS[REDIRECT_URLS]], after[LABELS[REDIRECT_URLS]] = old, new
        if LOGO in changed and replace_logo(application, logo or b""):
            after[LABELS[LOGO]] = "new picture" if logo else "removed"
        if after:
            Event.objects.record(
                EventKind.APPLICATION_CHANGED,
                actor=actor,
                application=application,
                before=before,
                after=after,
            )
    return Changes(changed=list(after), kept=kept)


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


def replace_redirect_urls(
    application: Application, urls: Sequence[str], *, actor: Actor
) -> tuple[list[str], list[str]]:
    """Make the redirect URLs be exactly `urls`, keep the history of those that stay; return old and new."""
    rows = {row.url: row for row in application.redirect_urls.all()} if application.pk else {}
    application.redirect_urls.exclude(url__in=urls).delete()
    for position, url in enumerate(urls):
        if url not in rows:
            RedirectURL.objects.create(
                application=application, url=url, position=position, created_by=actor.user
            )
        elif rows[url].position != position:
            application.redirect_urls.filter(url=url).update(position=position)
    return list(rows), list(urls)


def replace_logo(application: Application, png: bytes) -> bool:
    """Store, replace or (with empty bytes) remove the logo and return whether that changed anything."""
    if not png:
        return Logo.objects.filter(application=application).delete()[0] > 0
    digest = logo_digest(png)
    if Logo.objects.filter(application=application, digest=digest).exists():
        return False
    Logo.objects.update_or_create(
        application=application, defaults={"png": png, "digest": digest, "created_at": timezone.now()}
    )
    return True
