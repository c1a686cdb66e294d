"""The impact of deleting an application, an API or a scope, or of taking scopes away: whom it affects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, StrIndex
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from oauthapps.console.api_summaries import may_ask
from oauthapps.models import AccessToken, Application, TokenFamily
from oauthapps.models.access import families_with_access


@dataclass(frozen=True, kw_only=True)
class Impact:
    """How many people are affected, with how many access tokens, and through which applications."""

    people: int
    access_tokens: int
    applications: list[Application] = field(default_factory=list)


def impact_of(application: Application, names: Sequence[str] = ()) -> Impact:
    """Count those with a living access token, or with a code or refresh token that could still bring one.

    Args:
        application: the application.
        names: of scopes: only what has one of them counts; everything where none is named.
    """
    living = AccessToken.objects.alive().filter(application=application)
    families = families_with_access(timezone.now()).filter(application=application)
    if names:
        has_one = holds_one(names, "scope")
        living, families = living.filter(has_one), families.filter(has_one)
    return Impact(people=people_of(living, families), access_tokens=living.count())


def impact_of_scopes(names: Sequence[str]) -> Impact:
    """Find who may ask for one of these scopes, and count the people and tokens that have one, likewise."""
    applications = may_ask(names)
    if not applications:
        return Impact(people=0, access_tokens=0)
    has_one = holds_one(names, "scope", "application__allowed_scope")
    living = AccessToken.objects.alive().filter(has_one)
    families = families_with_access(timezone.now()).filter(has_one)
    return Impact(people=people_of(living, families), access_tokens=living.count(), applications=applications)


def people_of(living: QuerySet[AccessToken], families: QuerySet[TokenFamily]) -> int:
    """Return how many people these access tokens of machines and these families speak for."""
    of_machines = living.filter(family=None, user__isnull=False).order_by().values("user")
    return families.order_by().values("user").union(of_machines).count()


def holds_one(names: Sequence[str], *columns: str) -> Q:
    """Return the condition that one of these scopes is in each of these columns, as on the wire.

    Scopes differ in capitals, which the LIKE of SQLite takes for the same.
    """
    condition = Q(pk__in=[])
    for name in names:
        found = Value(f" {name} ", output_field=TextField())
        condition |= Q(*(GreaterThan(StrIndex(between_spaces(each), found), 0) for each in columns))
    return condition


def between_spaces(column: str) -> Concat:
    """Return a column with a space before and after it; PostgreSQL joins only texts of one type."""
    space = Value(" ", output_field=TextField())
    return Concat(space, F(column), space, output_field=TextField())
