"""What the list of APIs says of each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from oauthapps.models import Api, Application, Scope
from oauthapps.rules import scopes
from oauthapps.sql.catalog import built_in_identifier


@dataclass(frozen=True, kw_only=True)
class ApiSummary:
    """One line of the list.

    Attributes:
        name: what people call it.
        identifier: its identifier.
        scopes: how many it has.
        applications: how many applications may ask for at least one of them.
        url: its page.
        delete_url: the page that deletes it; empty for the built-in API.
    """

    name: str
    identifier: str
    scopes: int
    applications: int
    url: str
    delete_url: str = ""


def api_summaries() -> list[ApiSummary]:
    """Return every API, the built-in one first, in three statements."""
    names: defaultdict[int, set[str]] = defaultdict(set)
    for api_id, name in Scope.objects.live().filter(api__deleted_at=None).values_list("api_id", "name"):
        names[api_id].add(name)
    asked = allowed()
    others = [
        ApiSummary(
            name=api.name,
            identifier=api.identifier,
            scopes=len(names[api.pk]),
            applications=sum(1 for scope in asked if names[api.pk] & scope),
            url=api.get_absolute_url(),
            delete_url=reverse("console:delete-api", args=[api.pk]),
        )
        for api in Api.objects.live()
    ]
    return [built_in_summary(asked), *others]


def built_in_summary(asked: Iterable[set[str]] | None = None) -> ApiSummary:
    """Return the line of this installation's own API."""
    asked = allowed() if asked is None else asked
    return ApiSummary(
        name=settings.PRODUCT_NAME,
        identifier=built_in_identifier(),
        scopes=len(scopes.SCOPES),
        applications=sum(1 for scope in asked if scopes.SCOPES.keys() & scope),
        url=reverse("console:built-in-api"),
    )


def allowed() -> list[set[str]]:
    """Return what each application may ask for."""
    rows = Application.objects.live().values_list("allowed_scope", flat=True)
    return [set(scopes.parse(scope)) for scope in rows]


def may_ask(names: Iterable[str]) -> list[Application]:
    """Return the applications that may ask for one of these scopes, by name."""
    wanted = set(names)
    rows = Application.objects.live().only("client_id", "name", "allowed_scope").order_by("name", "pk")
    return [row for row in rows if wanted & set(scopes.parse(row.allowed_scope))]
