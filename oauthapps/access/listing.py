"""The rows of Access pages: who lets what act for them, as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from accounts.models import User
from oauthapps.models import AccessToken, Application, Consent, TokenFamily
from oauthapps.models.access import Access, last_use_of, last_uses, latest_of_consent, together
from oauthapps.rules import scopes
from oauthapps.rules.lifetimes import Expirations
from oauthapps.sql.catalog import Catalog, current_catalog

ROWS_PER_PAGE = 50
ENDLESS = "No expiration"
Scopes = Sequence[tuple[str, str]]  # names of APIs, each with scopes as on the wire


@dataclass(frozen=True, kw_only=True)
class AccessRow:
    """An application's access to what a person has, or for itself.

    Attributes:
        application: the application.
        person: the person; None where a machine application acts as itself.
        apis: what it may do now, by API; nothing where nothing works any more.
        since: when it was first allowed.
        since_from: the IP address that it was last allowed from; None where that is not known.
        last_used_at: when it last got a token; None if it never did.
        until: when it ends if nobody does anything; None where that is not known, or `note` says.
        note: until when, in words.
        access_tokens: how many access tokens live.
        keys: how many public keys act so.
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

    @property
    def subject(self) -> str:
        """What its tokens name as their `sub`."""
        return self.person.user_id if self.person else self.application.service_id or ""


def rows_of_page(consents: QuerySet[Consent], before: int | None) -> tuple[list[AccessRow], int | None]:
    """Return the rows of one page, the latest consents first, and the id that the next page's come before.

    Pages begin at a consent and not at a number: counting and skipping would cost more the more there are.

    Args:
        consents: those that are listed.
        before: the id that the page's come before; None for the first page.
    """
    if before is not None:
        consents = consents.filter(pk__lt=before)
    found = consents.select_related("application", "user").order_by("-pk").annotate(**last_uses(), **living())
    rows = list(found[: ROWS_PER_PAGE + 1])
    shown = rows[:ROWS_PER_PAGE]
    access = together(TokenFamily.objects.filter(consent__in=[row.pk for row in shown]))
    catalog = current_catalog()
    following = shown[-1].pk if len(rows) > ROWS_PER_PAGE else None
    return [row_of(row, access[row.pk], catalog) for row in shown], following


def living() -> dict[str, Subquery]:
    """Return what consents are annotated with for their living access tokens."""
    alive = AccessToken.objects.alive()
    own = alive.filter(family__consent=OuterRef("pk")).order_by().values("family__consent")
    number = Subquery(own.annotate(number=Count("pk")).values("number"))
    return {"living_tokens": number, "tokens_until": latest_of_consent(alive, "expires")}


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
    """Return scopes by the APIs that they are for, as far as they exist."""
    entries = {api.id: api for api in catalog.apis}
    found: dict[int, list[str]] = {}
    for name in names:
        if name in catalog.by_scope:
            found.setdefault(catalog.by_scope[name].id, []).append(name)
    return [(entries[id_].name, scopes.render(of_api)) for id_, of_api in found.items()]
