"""The rows of machine applications: they themselves, and the people their keys act as."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import User
from oauthapps.access.search import of_application, of_person
from oauthapps.models import Application, PublicKey
from oauthapps.models.extents import Extent
from oauthapps.rules import scopes

BY_KEY = "As long as the key exists"
BY_CREDENTIAL = "As long as it has a secret or key"

# An application, and the person that it acts as; None where it acts as itself.
Identity = tuple[Application, User | None]


@dataclass
class MachineAccess:
    """An application's access as one identity.

    Attributes:
        keys: how many public keys act so.
        since: since when there is one.
        uses: when each was last used, and when the latest tokens were issued.
        scope: what the living tokens may do, together.
        access_tokens: how many of them there are.
        until: when the last of them expires.
    """

    keys: int = 0
    since: datetime | None = None
    uses: list[datetime] = field(default_factory=list)
    scope: set[str] = field(default_factory=set)
    access_tokens: int = 0
    until: datetime | None = None

    @property
    def last_used_at(self) -> datetime | None:
        """When a key was last used or a token issued; None for never."""
        return max(self.uses, default=None)

    def may_do(self, application: Application) -> list[str]:
        """Return the scopes that its tokens have, or those that it can get without any."""
        allowed = scopes.parse(application.allowed_scope)
        held = [name for name in allowed if name in self.scope or not self.scope]
        return [name for name in held if name != scopes.OFFLINE_ACCESS]


def identities(extent: Extent, text: str, before: int | None, most: int) -> list[Identity]:
    """Return whom machine applications act as within an extent: first themselves, then people, latest first.

    Args:
        extent: of one application, or of one person.
        text: what the name of the other side contains.
        before: the primary key that the other sides come before; None for the first ones.
        most: how many to return.
    """
    application, person = extent.application, extent.person
    others = other_sides(extent)
    if before is not None:
        others = others.filter(pk__lt=before)
    if application is None:
        return [(each, person) for each in others.filter(of_application(text))[:most]]
    found: list[Identity] = []
    if before is None and text.casefold() in application.name.casefold():
        found.append((application, None))
    return found + [(application, each) for each in others.filter(of_person(text))[: most - len(found)]]


def other_sides(extent: Extent) -> QuerySet[Any]:
    """Return the people that an application acts as, or the applications that act as a person so."""
    name = "user" if extent.person is None else "application"
    # Whoever is found by tokens alone had keys that were deleted.
    of_tokens = extent.machine_tokens.order_by().values(name)
    ids = living_keys(extent).order_by().values(name).union(of_tokens)
    rows: QuerySet[Any] = User.objects.all() if extent.person is None else Application.objects.live()
    return rows.filter(pk__in=ids).order_by("-pk")


def living_keys(extent: Extent) -> QuerySet[PublicKey]:
    """Return the keys that act within an extent and have not expired."""
    keys = PublicKey.objects.usable().filter(application__service_id__isnull=False)
    return keys.filter(extent.about, application__deleted_at=None)


def access_of(extent: Extent, found: list[Identity]) -> list[MachineAccess]:
    """Return the access of each of these identities within an extent, in two statements."""
    if extent.person is None:
        within = Q(user__in=[person for _, person in found if person]) | Q(user=None)
    else:
        within = Q(application__in=[application for application, _ in found])
    access = {
        (application.pk, person.pk if person else None): MachineAccess() for application, person in found
    }
    keys: Any = living_keys(extent).filter(within).order_by().values("application", "user")
    for key in keys.annotate(number=Count("pk"), since=Min("created_at"), used=Max("last_used_at")):
        if one := access.get((key["application"], key["user"])):
            one.keys, one.since = key["number"], key["since"]
            one.uses += [key["used"]] if key["used"] else []
    tokens: Any = extent.machine_tokens.filter(within).order_by().values("application", "user", "scope")
    for token in tokens.annotate(number=Count("pk"), issued=Max("created"), until=Max("expires")):
        if one := access.get((token["application"], token["user"])):
            one.access_tokens += token["number"]
            one.uses.append(token["issued"])
            one.until = max(one.until or token["until"], token["until"])
            one.scope |= set(scopes.parse(token["scope"]))
    return list(access.values())


def until(person: User | None, one: MachineAccess) -> tuple[datetime | None, str]:
    """Return when an identity's access ends if nobody does anything, or until when in words."""
    note = BY_CREDENTIAL if person is None else BY_KEY * bool(one.keys)
    return (None if note else one.until), note
