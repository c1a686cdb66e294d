"""What an import knows while it applies one thing after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from accounts.models import User
from audit.actors import Actor
from common.errors import GatehouseError
from oauthapps.models import Application
from oauthapps.transfer.entries import Item
from oauthapps.transfer.kinds import PEOPLE
from oauthapps.transfer.places import Place, RefusedError
from oauthapps.transfer.reports import Report

_AT_ONCE = 500  # identifiers in one statement
_LONGEST_SHOWN = 60


class FollowsRefusalError(GatehouseError):
    """Something refers to what was refused itself, and can't be judged."""


class Context:
    """Who imports, what came of it so far, and the rows that a document names.

    Attributes:
        actor: who imports.
        report: what came of it.
        people: those that the document names, by User ID.
        applications: likewise, by Client ID, deleted ones among them.
        refused_names: what people, applications and APIs that were refused are called.
    """

    def __init__(self, items: Sequence[Item], *, actor: Actor) -> None:
        self.actor = actor
        self.report = Report()
        self.refused_names: set[str] = set()
        of_people = [item.values["user_id"] for item in items if item.kind is PEOPLE]
        of_applications = {item.values["client_id"] for item in items if "client_id" in item.values}
        self.people = {
            user.user_id: user for ids in in_parts(of_people) for user in User.objects.filter(user_id__in=ids)
        }
        self.applications = {
            application.client_id: application
            for ids in in_parts(sorted(of_applications))
            for application in Application.objects.filter(client_id__in=ids)
            .select_related("user")
            .prefetch_related("redirect_urls", "keys__user", "secrets")
        }

    def refuse(self, item: Item, *refusals: RefusedError) -> None:
        """Keep that something was refused, so that what refers to it isn't as well.

        Args:
            item: what was.
            refusals: why; none where it only refers to something that was refused.
        """
        for refusal in refusals:
            self.report.refused(refusal)
        names = ("user_id", "username", "email", "client_id", "identifier")
        self.refused_names |= {item.values[name].lower() for name in names if name in item.values}

    def person(self, user_id: str) -> User | None:
        """Return the person with a User ID of the document, if there is one."""
        return self.people.get(user_id)

    def add_person(self, user: User) -> None:
        """Keep a person who was made."""
        self.people[user.user_id] = user

    def called(self, name: str, place: Place) -> User:
        """Return the person with a username, email address or User ID.

        Raises:
            RefusedError: when there is none.
        """
        user = self.people.get(name.lower()) or User.objects.called(name)
        if user is None:
            self.require_no_refusal(name)
            raise RefusedError(place, "Nobody has this username, email address, or User ID.")
        return user

    def application(self, client_id: str) -> Application | None:
        """Return the application with a Client ID of the document, deleted or not, if there is one."""
        return self.applications.get(client_id)

    def live_application(self, client_id: str, place: Place) -> Application:
        """Return the application with a Client ID of the document.

        Raises:
            RefusedError: when there is none, or it was deleted.
        """
        application = self.applications.get(client_id)
        if application is None or not application.is_live:
            self.require_no_refusal(client_id)
            raise RefusedError(place, "There is no application with this Client ID.")
        return application

    def add_application(self, application: Application) -> None:
        """Keep an application that was made."""
        self.applications[application.client_id] = application

    def require_no_refusal(self, name: str) -> None:
        """Make sure that what is missing was not refused just now.

        Raises:
            FollowsRefusalError: when it was.
        """
        if name.lower() in self.refused_names:
            raise FollowsRefusalError(name)


@contextmanager
def about(place: Place) -> Iterator[None]:
    """Say of what is refused in the block where it stands.

    Raises:
        RefusedError: with the sentence of the refusal.
    """
    try:
        yield
    except (RefusedError, FollowsRefusalError):
        raise
    except GatehouseError as error:
        raise RefusedError(place, error.message) from error


def in_parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Go through names, as many at once as a statement should have."""
    for first in range(0, len(names), _AT_ONCE):
        yield names[first : first + _AT_ONCE]


def difference(label: str, before: Any, after: Any) -> str:
    """Return a change in words."""
    return f"{label} {shown(before)} → {shown(after)}"


def shown(value: Any) -> str:
    """Return a value on one short line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text = " ".join(str("" if value is None else value).split())
    return text if 0 < len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…" if text else "(none)"


def joined(parts: Iterable[str]) -> str:
    """Return changes as one text."""
    return "; ".join(parts)
