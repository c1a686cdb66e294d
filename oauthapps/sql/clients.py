"""The look-up that a client's request begins with: the client and what it presents, in one statement.

Whatever a request stands on is joined in, so that a secret deleted, an application disabled or a person
deactivated counts in every process at once; nothing is kept between requests. A statement reads the columns
that these requests use, in the order of its row's fields.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from oauthapps.models.applications import ResponseProfile
from oauthapps.rules.app_types import TypeSpec, spec_of
from oauthapps.rules.lifetimes import Expirations
from oauthapps.sql.catalog import VERSION, Catalog, catalog
from oauthapps.sql.execution import fetch_all


class Lookup(NamedTuple):
    """A statement, and what its rows become."""

    statement: str
    row: Any


class ClientRow(NamedTuple):
    """An enabled application, and the usable secret that its client showed; None where it showed none.

    The Customer ID is read where tokens are asked for: every token reply names it, others do without.
    """

    id: int
    client_id: str
    app_type: str
    response_profile: str
    may_verify_tokens: bool
    rotate_refresh_tokens: bool
    allowed_scope: str
    access_token_seconds: int | None
    catalog_version: str | None
    customer_id: str | None
    secret_id: int | None
    secret_last_used_at: datetime | None

    @property
    def type(self) -> TypeSpec:
        """What an application of this type has and may do."""
        return spec_of(self.app_type)

    @property
    def is_workfront_compatible(self) -> bool:
        """Whether the client hears the Workfront-compatible dialect."""
        return self.response_profile == ResponseProfile.WORKFRONT

    def effective(self, scope: str) -> tuple[str, ...]:
        """Return what of a scope the client may have now."""
        return self.catalog.effective(scope, self.allowed_scope)

    @property
    def catalog(self) -> Catalog:
        """The APIs that there are."""
        return catalog(self.catalog_version)

    @property
    def token_type(self) -> str:
        """What replies to the client call the kind of access token."""
        return self.type.token_type(compatible=self.is_workfront_compatible)


# By the digests of one or two readings of a secret: Basic is sent form-encoded by some and raw by others.
CLIENT_BY_SECRET = """
    SELECT application.id, application.client_id, app_type, response_profile, may_verify_tokens,
           rotate_refresh_tokens, allowed_scope, access_token_seconds, {version} AS catalog_version,
           {customer_id}, secret.id AS secret_id, secret.last_used_at
      FROM oauthapps_clientsecret secret
      JOIN oauthapps_application application ON application.id = secret.application_id
      {organization}
     WHERE application.client_id = %(client_id)s
       AND application.deleted_at IS NULL AND application.disabled_at IS NULL
       AND secret.digest IN (%(secret)s, %(other_secret)s) AND secret.deleted_at IS NULL
       AND (secret.expires_at IS NULL OR secret.expires_at > %(now)s)"""

CLIENT_BY_ID = """
    SELECT application.id, application.client_id, app_type, response_profile, may_verify_tokens,
           rotate_refresh_tokens, allowed_scope, access_token_seconds, {version} AS catalog_version,
           {customer_id}, NULL AS secret_id, NULL AS last_used_at
      FROM oauthapps_application application
      {organization}
     WHERE application.client_id = %(client_id)s
       AND application.deleted_at IS NULL AND application.disabled_at IS NULL"""

ORGANIZATION = "JOIN accounts_organization organization ON organization.id = application.organization_id"
WITH_CUSTOMER_ID = {"customer_id": "organization.customer_id", "organization": ORGANIZATION}
WITHOUT_CUSTOMER_ID = {"customer_id": "NULL AS customer_id", "organization": ""}
# By whether a secret is shown, and whether tokens are asked for.
CLIENTS = {
    (True, True): CLIENT_BY_SECRET.format(version=VERSION, **WITH_CUSTOMER_ID),
    (True, False): CLIENT_BY_SECRET.format(version=VERSION, **WITHOUT_CUSTOMER_ID),
    (False, True): CLIENT_BY_ID.format(version=VERSION, **WITH_CUSTOMER_ID),
    (False, False): CLIENT_BY_ID.format(version=VERSION, **WITHOUT_CUSTOMER_ID),
}


class RefreshTokenRow(NamedTuple):
    """A refresh token with all that its ends are worked out from.

    It was not revoked, and not replaced either unless that was a moment ago.
    """

    id: int
    application_id: int
    family_id: int
    scope: str
    allowed_scope: str
    created: datetime
    replaced_at: datetime | None
    successor_salt: str
    client_id: str
    person_id: int
    user_id: str
    username: str
    started_at: datetime
    absolute_expiration: str
    last_active_at: datetime
    inactivity_expiration: str
    allowed_until: datetime | None

    @property
    def expirations(self) -> Expirations:
        """Its ends."""
        return Expirations(*self[-5:])


REFRESH_TOKEN = """
    SELECT token.id, token.application_id, token.family_id, token.scope, application.allowed_scope,
           token.created, token.replaced_at, token.successor_salt, application.client_id,
           person.id AS person_id, person.user_id, person.username, family.started_at,
           application.absolute_expiration, person.last_active_at, application.inactivity_expiration,
           family.allowed_until
      FROM oauthapps_refreshtoken token
      JOIN oauthapps_application application ON application.id = token.application_id
      JOIN accounts_user person ON person.id = token.user_id
      JOIN oauthapps_tokenfamily family ON family.id = token.family_id
     WHERE token.token_checksum = %(digest)s AND token.revoked IS NULL
       AND (token.replaced_at IS NULL OR token.replaced_at > %(replaced_after)s)
       AND family.ended_at IS NULL AND person.is_active
       AND application.deleted_at IS NULL AND application.disabled_at IS NULL"""


class GrantRow(NamedTuple):
    """A grant whose code could be redeemed now."""

    id: int
    application_id: int
    scope: str
    redirect_uri: str
    redirect_uri_given: bool
    code_challenge: str
    redirect_url_id: int
    person_id: int
    allowed_until: datetime | None


GRANT = """
    SELECT code.id, code.application_id, code.scope, code.redirect_uri, code.redirect_uri_given,
           code.code_challenge, code.redirect_url_id, code.user_id AS person_id, family.allowed_until
      FROM oauthapps_grant code
      JOIN oauthapps_tokenfamily family ON family.id = code.family_id
      JOIN accounts_user person ON person.id = code.user_id
     WHERE code.code = %(digest)s AND code.redeemed_at IS NULL AND code.expires > %(now)s
       AND code.redirect_url_id IS NOT NULL AND family.ended_at IS NULL AND person.is_active
       AND (family.allowed_until IS NULL OR family.allowed_until > %(now)s)"""


# For requests of clients that show nothing but who they are.
NOTHING = Lookup("", None)
REFRESH_TOKENS = Lookup(REFRESH_TOKEN, RefreshTokenRow)
GRANTS = Lookup(GRANT, GrantRow)


class Presented(NamedTuple):
    """What a request shows besides its client's credentials, to be looked up in the same statement.

    Attributes:
        lookup: finds it by the digest of its value; keys, by their client.
        digest: the digest.
        issues: whether tokens come of it, in a reply that names the organization.
    """

    lookup: Lookup
    digest: str
    issues: bool = True


def client(
    client_id: str, digests: Sequence[str], presented: Presented | None = None
) -> tuple[ClientRow | None, list[Any]]:
    """Return an enabled client, and what it presents.

    Args:
        client_id: its Client ID.
        digests: of one or two readings of its secret; empty for a public client.
        presented: what else to look up.

    Returns:
        The client; then the rows of what is presented, which say nothing yet about whom they belong to.
    """
    now = timezone.now()
    values = {"client_id": client_id, "now": now, "replaced_after": reuse_began(now)}
    if digests:
        values |= {"secret": digests[0], "other_secret": digests[-1]}
    statement = CLIENTS[bool(digests), presented is not None and presented.issues]
    if presented is None or presented.lookup is NOTHING:
        rows = fetch_all(statement, values)
        return (ClientRow._make(rows[0]), []) if rows else (None, [])
    values["digest"] = presented.digest
    rows = fetch_all(joined(statement, presented.lookup.statement), values)
    if not rows:
        return None, []
    make, width = presented.lookup.row._make, len(ClientRow._fields)
    return ClientRow._make(rows[0][:width]), [make(row[width:]) for row in rows if row[width] is not None]


def reuse_began(now: datetime) -> datetime:
    """Return since when refresh tokens that were replaced get the same successor again.

    Args:
        now: the present time.
    """
    return now - timedelta(seconds=settings.REFRESH_TOKEN_REUSE_SECONDS)


@lru_cache(maxsize=64)
def joined(first: str, second: str) -> str:
    """Return the statement that runs both; the first finds one row at most."""
    return f"SELECT * FROM ({first}) first LEFT JOIN ({second}) second ON TRUE"
