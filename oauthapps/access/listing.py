"""The rows of Access pages: which applications can act for whom now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import Count, OuterRef, QuerySet, Subquery

from accounts.models import User
from oauthapps.access.machines import Identity, access_of, identities, until
from oauthapps.access.search import of_application, of_person
from oauthapps.models import AccessToken, Application, Consent, TokenFamily
from oauthapps.models.access import Access, last_use_of, last_uses, latest_of_consent, together
from oauthapps.models.extents import Extent
from oauthapps.rules import scopes
from oauthapps.rules.lifetimes import Expirations
from oauthapps.sql.catalog import Catalog, current_catalog

ROWS_PER_PAGE = 50
MACHINE = "m"  # begins the name of a place among the rows of machines
LARGEST_ID = 2**63 - 1
ENDLESS = "No expiration"
Scopes = Sequence[tuple[str, str]]  # names of APIs, each with scopes as on the wire


@dataclass(frozen=True, kw_only=True)
class AccessRow:
    """An application's access to what a person has, or for itself.

    Attributes:
        application: the application.
        person: the person; None where a machine application acts as itself.
        apis: what it may do now, by API; nothing where nothing works anymore.
        since: when it was first allowed.
        since_from: the IP address that it was last allowed from; None where that is not known.
        last_used_at: when it last got a token; None if it never did.
        until: when it ends if nobody does anything; None where that is not known, or `note` says.
        note: until when, in words.
        access_tokens: how many access tokens live.
        keys: how many public keys act so.
        is_by_consent: whether the person allowed it, which can be revoked also where no token lives.
    """

    application: Application
    person: User | None
    apis: Scopes
    since: datetime | None
    since_from: str | None = None
    last_used_at: datetime | None
    until: datetime | None = None
    note: str = ""
    access_tokens: int
    keys: int = 0
    is_by_consent: bool = True

    @property
    def can_be_revoked(self) -> bool:
        """Whether there is anything to revoke: keys and client secrets are deleted elsewhere."""
        return self.is_by_consent or self.access_tokens > 0

    @property
    def subject(self) -> str:
        """What its tokens name as their `sub`."""
        return self.person.user_id if self.person else self.application.service_id or ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page of a list begins: rows of machines come first, then those of consents.

    A page begins behind a row and not at a number: counting and skipping would cost more the more there are.

    Attributes:
        machine: the primary key of the other side that rows of machines come before; None for the first ones.
        consent: the primary key that consents come before; None for the first ones, and rows of machines.
    """

    machine: int | None = None
    consent: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that a query names; what is none is as good as nothing."""
        number = text.removeprefix(MACHINE)
        if not (number.isascii() and number.isdecimal() and len(number) < len(str(LARGEST_ID))):
            return cls()
        return cls(machine=int(number)) if number != text else cls(consent=int(number))

    @property
    def is_first(self) -> bool:
        """Whether nothing comes before."""
        return self.machine is None and self.consent is None


def rows_of_page(
    extent: Extent, text: str, place: Place, number: int = ROWS_PER_PAGE
) -> tuple[list[AccessRow], str]:
    """Return the rows of one page, the latest first, and where the next page begins; empty for nowhere.

    Args:
        extent: of one application, or of one person.
        text: what the name of the other side contains.
        place: where the page begins.
        number: how many rows it has at most.
    """
    catalog = current_catalog()
    rows: list[AccessRow] = []
    if extent.has_machines and place.consent is None:
        found = identities(extent, text, place.machine, number + 1)
        shown = found[:number]
        rows = machine_rows(extent, shown, catalog) if shown else []
        if len(found) > number:
            application, person = shown[-1]
            return rows, f"{MACHINE}{application.pk if extent.person else person and person.pk}"
    consents = found_consents(extent, text, place.consent) if extent.has_consents else Consent.objects.none()
    room = number - len(rows)
    following = list(consents[: room + 1])
    rows += consent_rows(following[:room], catalog)
    if len(following) <= room:
        return rows, ""
    return rows, str(following[room].pk + 1)


def found_consents(extent: Extent, text: str, before: int | None) -> QuerySet[Consent]:
    """Return the consents whose other side's name contains a text, the latest first.

    Args:
        extent: of one application, or of one person.
        text: the text; empty for all.
        before: the primary key that they come before; None for all.
    """
    is_found = of_application(text, "application__") if extent.person else of_person(text, "user__")
    consents = extent.consents.filter(is_found)
    if before is not None:
        consents = consents.filter(pk__lt=before)
    return consents.select_related("application", "user").order_by("-pk").annotate(**last_uses(), **living())


def machine_rows(extent: Extent, found: list[Identity], catalog: Catalog) -> list[AccessRow]:
    """Return the rows of machine applications as these identities."""
    rows = []
    for (application, person), one in zip(found, access_of(extent, found), strict=True):
        ends_at, note = until(person, one)
        row = AccessRow(
            application=application,
            person=person,
            apis=by_api(one.may_do(application), catalog),
            since=one.since if person else application.created,
            last_used_at=one.last_used_at,
            until=ends_at,
            note=note,
            access_tokens=one.access_tokens,
            keys=one.keys,
            is_by_consent=False,
        )
        rows.append(row)
    return rows


def consent_rows(consents: list[Consent], catalog: Catalog) -> list[AccessRow]:
    """Return the rows of consents."""
    access = together(TokenFamily.objects.filter(consent__in=[consent.pk for consent in consents]))
    return [row_of(consent, access[consent.pk], catalog) for consent in consents]


def living() -> dict[str, Subquery]:
    """Return what consents are annotated with for their living access tokens."""
    tokens = AccessToken.objects.not_ended()
    own = tokens.filter(family__consent=OuterRef("pk")).order_by().values("family__consent")
    number = Subquery(own.annotate(number=Count("pk")).values("number"))
    return {"living_tokens": number, "tokens_until": latest_of_consent(tokens, "expires")}


def row_of(consent: Any, access: Access, catalog: Catalog) -> AccessRow:  # with the annotations above
    """Return the row of a consent."""
    application, person = consent.application, consent.user
    until, note = consent.tokens_until, ""
    if access.renewable_since is not None:
        until = Expirations(
            access.renewable_since,
            application.absolute_expiration,
            person.last_active_at,
            application.inactivity_expiration,
            access.allowed_until,
        ).ends_at
        note = "" if until else ENDLESS
    return AccessRow(
        application=application,
        person=person,
        apis=by_api(access.scope, catalog),
        since=consent.first_allowed_at,
        since_from=consent.last_allowed_from,
        last_used_at=last_use_of(consent),
        until=until,
        note=note,
        access_tokens=consent.living_tokens or 0,
    )


def by_api(names: Sequence[str], catalog: Catalog) -> Scopes:
    """Return scopes by the APIs that they are for, as far as they exist; keeping access is for none."""
    entries = {api.id: api for api in catalog.apis}
    found: dict[int, list[str]] = {}
    for name in names:
        if name in catalog.by_scope and name != scopes.OFFLINE_ACCESS:
            found.setdefault(catalog.by_scope[name].id, []).append(name)
    rows = [(entries[id_].name, scopes.render(of_api)) for id_, of_api in found.items()]
    return [*rows, ("", scopes.OFFLINE_ACCESS)] if scopes.OFFLINE_ACCESS in names else rows
