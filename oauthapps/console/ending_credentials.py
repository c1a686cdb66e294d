"""Client secrets and keys that expire soon, or were not retired because they are in use, as pages say it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from common.words import counted
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.models.usage import UsageKind
from oauthapps.services.credential_callers import Credential
from oauthapps.services.expiry_warnings import expires_soon

MOST_MENTIONED = 5


@dataclass(kw_only=True)
class Endings:
    """What is about to happen to an application's secrets and keys.

    Attributes:
        application: the application.
        expiring: those that expire within 30 days, the first one before the others.
        stopped: those that were to be retired and are in use.
    """

    application: Application
    expiring: list[Credential] = field(default_factory=list)
    stopped: list[Credential] = field(default_factory=list)

    @property
    def first_day(self) -> date | None:
        """The last day, in UTC, of the one that expires first."""
        return min((row.last_day for row in self.expiring if row.last_day), default=None)

    @property
    def expiring_in_words(self) -> str:
        """How many expire, such as "2 client secrets and 1 public key expire within 30 days"."""
        kinds = [
            counted(number, model.noun)
            for model in (ClientSecret, PublicKey)
            if (number := sum(isinstance(row, model) for row in self.expiring))
        ]
        verb = "expires" if len(self.expiring) == 1 else "expire"
        return f"{' and '.join(kinds)} {verb} within 30 days"


@dataclass(frozen=True, kw_only=True)
class AllEndings:
    """The applications with such secrets and keys.

    Attributes:
        applications: some of them.
        others: how many more there are.
    """

    applications: list[Endings]
    others: int


def has_endings() -> Case:
    """Return whether something is about to happen to an application's secrets and keys, for `annotate`."""
    own = {"application": OuterRef("pk")}
    found = Q(Exists(ending(ClientSecret).filter(**own))) | Q(Exists(ending(PublicKey).filter(**own)))
    return Case(When(found, then=True), default=False)


def endings_of(application: Application) -> Endings | None:
    """Return what is about to happen to an application's secrets and keys; None where nothing is."""
    found = _endings(Q(application=application))
    return found[0] if found else None


def all_endings() -> AllEndings:
    """Return what is about to happen to the secrets and keys of all applications."""
    found = _endings(Q())
    return AllEndings(applications=found[:MOST_MENTIONED], others=len(found[MOST_MENTIONED:]))


def ending(model: type[ClientSecret | PublicKey]) -> QuerySet[Any]:
    """Return the secrets, or keys, that expire within 30 days or were not retired because they are in use."""
    rows: QuerySet[Any] = model.objects.filter(deleted_at=None, application__deleted_at=None)
    stopped = Q(retirement_stopped_at__isnull=False)
    return rows.filter(stopped | expires_soon(timezone.now()))


def _endings(about: Q) -> list[Endings]:
    """Return them by application, by one statement where there is none."""
    secrets, keys = ending(ClientSecret).filter(about), ending(PublicKey).filter(about)
    kinds = {model.usage_kind: model for model in (ClientSecret, PublicKey)}
    ids: dict[str, list[int]] = {}
    secret_ids = secrets.order_by().values_list(Value(ClientSecret.usage_kind.value), "pk")
    key_ids = keys.order_by().values_list(Value(PublicKey.usage_kind.value), "pk")
    for kind, pk in secret_ids.union(key_ids, all=True):
        ids.setdefault(kind, []).append(pk)
    found: dict[int, Endings] = {}
    for kind, some in ids.items():
        rows: QuerySet[Any] = kinds[UsageKind(kind)].objects.filter(pk__in=some)
        for row in rows.select_related("application").order_by("expires_at", "pk"):
            one = found.setdefault(row.application_id, Endings(application=row.application))
            (one.stopped if row.retirement_stopped_at else one.expiring).append(row)
    return sorted(found.values(), key=lambda one: one.application.name.casefold())
