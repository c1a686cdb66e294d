"""The rows of machine applications: the people their keys act as, and they themselves."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Count, Manager, Max, Min, Model

from accounts.models import User
from oauthapps.access.listing import AccessRow, by_api
from oauthapps.models import Application, PublicKey
from oauthapps.models.extents import Extent
from oauthapps.rules import scopes
from oauthapps.sql.catalog import Catalog, current_catalog

BY_KEY = "As long as the key is there"
BY_CREDENTIAL = "As long as it has a secret or key"


M = TypeVar("M", bound=Model)


@dataclass
class Found:
    """What there is of one application's access as one identity."""

    keys: int = 0
    since: datetime | None = None
    uses: list[datetime] = field(default_factory=list)
    scope: set[str] = field(default_factory=set)
    access_tokens: int = 0
    until: datetime | None = None


Identity = tuple[int, int | None]  # primary keys of an application and a person


def machine_rows(extent: Extent) -> list[AccessRow]:
    """Return the rows of machine applications within an extent: they themselves, then people by name."""
    found: dict[Identity, Found] = {}
    application = extent.application
    if application is not None and application.service_id:
        found[application.pk, None] = Found(since=application.created)
    for key in living_keys(extent):
        one = found.setdefault((key["application"], key["user"]), Found())
        one.keys, one.since = key["number"], one.since or key["since"]
        one.uses += [key["used"]] if key["used"] else []
    for tokens in living_tokens(extent):
        one = found.setdefault((tokens["application"], tokens["user"]), Found())
        one.access_tokens += tokens["number"]
        one.uses.append(tokens["issued"])
        one.until = max(one.until or tokens["until"], tokens["until"])
        one.scope |= set(scopes.parse(tokens["scope"]))
    return sorted(
        rows_of(found, extent),
        key=lambda row: (row.person is not None, str(row.person), row.application.name),
    )


def living_keys(extent: Extent) -> list[dict[str, Any]]:
    """Return how many keys act as whom, since when, and when they last did."""
    keys = PublicKey.objects.live().filter(
        application__service_id__isnull=False, application__deleted_at=None, **named(extent)
    )
    rows: Any = keys.order_by().values("application", "user")
    return list(rows.annotate(number=Count("pk"), since=Min("created_at"), used=Max("last_used_at")))


def living_tokens(extent: Extent) -> list[dict[str, Any]]:
    """Return how many access tokens speak for whom, with which scopes."""
    rows: Any = extent.machine_tokens.order_by().values("application", "user", "scope")
    return list(rows.annotate(number=Count("pk"), issued=Max("created"), until=Max("expires")))


def named(extent: Extent) -> dict[str, Any]:
    """Return what an extent names, as a filter."""
    names = {"application": extent.application, "user": extent.person}
    return {name: value for name, value in names.items() if value is not None}


def rows_of(found: dict[Identity, Found], extent: Extent) -> list[AccessRow]:
    """Return the rows of what was found within an extent."""
    catalog = current_catalog()
    applications = known(Application.objects, extent.application, {application for application, _ in found})
    people = known(User.objects, extent.person, {person for _, person in found if person})
    return [
        row_of(applications[application], people[person] if person else None, one, catalog)
        for (application, person), one in found.items()
    ]


def known(manager: Manager[M], one: M | None, ids: set[int]) -> dict[int, M]:
    """Return rows by primary key, where the one that an extent names is all of them without asking."""
    return manager.in_bulk(ids) if one is None else {one.pk: one}


def row_of(application: Application, person: User | None, one: Found, catalog: Catalog) -> AccessRow:
    """Return the row of an application as one identity: what its tokens may do, or those that it can get."""
    allowed = scopes.parse(application.allowed_scope)
    names = [name for name in allowed if name in one.scope or not one.scope]
    note = BY_CREDENTIAL if person is None else BY_KEY * bool(one.keys)
    return AccessRow(
        application=application,
        person=person,
        apis=by_api([name for name in names if name != scopes.OFFLINE_ACCESS], catalog),
        since=one.since,
        last_used_at=max(one.uses, default=None),
        until=None if note else one.until,
        note=note,
        access_tokens=one.access_tokens,
        keys=one.keys,
    )
