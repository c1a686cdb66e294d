"""The APIs and their scopes, as every token request needs them: kept in memory until they change.

The statements of these requests read the version of the catalog along with what they look up, so that a
change counts in every process at once and costs nothing where there is none.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from oauthapps.models import Api, CatalogVersion, Scope
from oauthapps.rules import scopes
from oauthapps.rules.apis.identifiers import canonical

# Reads the version; NULL as long as there are no APIs but the built-in one.
VERSION = f"(SELECT version FROM oauthapps_catalogversion WHERE id = {CatalogVersion.THE_ONE})"


@dataclass(frozen=True, kw_only=True)
class ApiEntry:
    """An API.

    Attributes:
        id: its primary key; 0 for the built-in one.
        name: what people call it.
        identifier: its identifier, canonical.
        seconds: how long an access token for it may live.
        sentences: what people read on the consent page, by the names of its scopes.
        defaults: the scopes that are asked for where a request names none.
        verifiers: the primary keys of the applications that may ask about its tokens.
    """

    id: int
    name: str
    identifier: str
    seconds: int
    sentences: dict[str, str]
    defaults: frozenset[str]
    verifiers: frozenset[int] = frozenset()

    @property
    def is_built_in(self) -> bool:
        """Whether it is this installation's own."""
        return self.id == 0


@dataclass(frozen=True)
class Catalog:
    """All APIs, in the order in which people see them.

    Attributes:
        version: the state that they are in.
        apis: the APIs; the built-in one first.
    """

    version: str | None
    apis: Sequence[ApiEntry]
    by_scope: dict[str, ApiEntry] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_scope = {name: api for api in self.apis for name in api.sentences}
        object.__setattr__(self, "by_scope", by_scope)

    def audience(self, names: Iterable[str]) -> list[str]:
        """Return the identifiers of the APIs that scopes are for (RFC 7519 section 4.1.3).

        Keeping access while a person is away is for no API.
        """
        apis = (
            self.by_scope[name] for name in names if name != scopes.OFFLINE_ACCESS and name in self.by_scope
        )
        return list(dict.fromkeys(api.identifier for api in apis))

    def ids(self, names: Iterable[str]) -> tuple[int, ...]:
        """Return the primary keys of the same APIs."""
        apis = {self.by_scope[name].id for name in names if name != scopes.OFFLINE_ACCESS}
        return tuple(apis)

    def of_apis(self, names: Iterable[str], identifiers: Collection[str]) -> tuple[str, ...]:
        """Return those scopes that are for some APIs, and `offline_access`, which is for none."""
        return tuple(
            name
            for name in names
            if name == scopes.OFFLINE_ACCESS or self.by_scope[name].identifier in identifiers
        )

    def effective(self, scope: str, allowed_scope: str) -> tuple[str, ...]:
        """Return what a token is good for now: its scopes that exist and that its application may have.

        Args:
            scope: what it was issued with, as on the wire.
            allowed_scope: what its application may ask for, as on the wire.
        """
        return tuple(name for name in scopes.both(scope, allowed_scope) if name in self.by_scope)

    def sentences(self, names: Iterable[str]) -> dict[str, str]:
        """Return what people read of some scopes, by name, as far as those exist."""
        return {name: self.by_scope[name].sentences[name] for name in names if name in self.by_scope}

    def by_api(self, names: Iterable[str]) -> list[tuple[ApiEntry, dict[str, str]]]:
        """Return the same for each API that some scopes are for, in the order in which people see them."""
        sentences = self.sentences(names)
        groups = [
            (api, {name: said for name, said in sentences.items() if self.by_scope[name] is api})
            for api in self.apis
        ]
        return [(api, said) for api, said in groups if said]

    def seconds(self, names: Iterable[str], most: int | None, until: datetime | None = None) -> int:
        """Return how long an access token with these scopes lives: as long as each of its APIs allows.

        Args:
            names: of its scopes, all of which exist.
            most: what the application allows; None where it leaves that to the APIs.
            until: the time limit that the person chose; None for none.
        """
        limits = [self.by_scope[name].seconds for name in names if name != scopes.OFFLINE_ACCESS]
        if most:
            limits.append(most)
        if until:
            limits.append((until - timezone.now()) // timedelta(seconds=1))
        return min(limits, default=settings.ACCESS_TOKEN_SECONDS)

    def most_seconds(self, names: Iterable[str], most: int | None) -> int:
        """Return how long an access token for one of these scopes may live, where `seconds` is for all."""
        return max(self.seconds([name], most) for name in names)

    def defaults(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of some scopes that are asked for where a request names none."""
        return tuple(name for name in names if name in self.by_scope and name in self.by_scope[name].defaults)


def built_in() -> ApiEntry:
    """Return this installation's own API."""
    return ApiEntry(
        id=0,
        name=settings.PRODUCT_NAME,
        identifier=built_in_identifier(),
        seconds=settings.ACCESS_TOKEN_SECONDS,
        sentences=dict(scopes.SCOPES),
        defaults=frozenset(scopes.DEFAULT_SCOPES),
    )


def built_in_identifier() -> str:
    """Return what identifies this installation's own API: the issuer."""
    return canonical(settings.BASE_URL)


def current_catalog() -> Catalog:
    """Return the catalog in its present state, in one statement."""
    return catalog(CatalogVersion.present().values_list("version", flat=True).first())


def catalog(version: str | None) -> Catalog:
    """Return the catalog in the state of a version that has just been read.

    It is read anew where this process knows another one; without any there is only the built-in API.
    """
    global _known  # noqa: PLW0603  # one for the process; replaced as a whole
    known = _known
    if known is None or known.version != version:
        known = _known = read_catalog(version)
    return known


def read_catalog(version: str | None) -> Catalog:
    """Read the APIs and their scopes from the database."""
    if version is None:
        return Catalog(version, (built_in(),))
    rows = Api.objects.live().prefetch_related("verifiers")
    sentences: dict[int, dict[str, Scope]] = {}
    for scope in Scope.objects.live().filter(api__deleted_at=None):
        sentences.setdefault(scope.api_id, {})[scope.name] = scope
    entries = [entry_of(row, sentences.get(row.pk, {})) for row in rows]
    return Catalog(version, (built_in(), *entries))


def entry_of(api: Api, rows: dict[str, Scope]) -> ApiEntry:
    """Return the entry of an API with these scopes."""
    return ApiEntry(
        id=api.pk,
        name=api.name,
        identifier=api.identifier,
        seconds=api.token_seconds,
        sentences={name: row.sentence for name, row in rows.items()},
        defaults=frozenset(name for name, row in rows.items() if row.is_default),
        verifiers=frozenset(application.pk for application in api.verifiers.all()),
    )


_known: Catalog | None = None
