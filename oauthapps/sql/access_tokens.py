"""The look-ups of access tokens: what an API asks of one, and what a client asks.

Whatever a token stands on is joined in, so that what ends counts in every process at once; nothing is kept
between requests. A statement reads the columns that these requests use, in the order of its row's fields.
"""

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from oauthapps.models.applications import ResponseProfile
from oauthapps.rules.app_types import spec_of
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.sql.catalog import VERSION, Catalog, catalog
from oauthapps.sql.clients import ORGANIZATION, Lookup
from oauthapps.sql.exceptions import in_force
from oauthapps.sql.execution import fetch_all

# The `sub_type` of what speaks for no person: nobody may take its ID for a person's (RFC 9068 section 5).
SERVICE = "service"

LIVING_ACCESS_TOKEN = """
       token.token_checksum = %(digest)s AND token.expires > %(now)s AND token.revoked_at IS NULL
       AND family.ended_at IS NULL AND (token.user_id IS NULL OR person.is_active)
       AND application.deleted_at IS NULL AND application.disabled_at IS NULL"""


class BearerRow(NamedTuple):
    """Whom a living access token speaks for, as an API asks: a person, or a machine application itself.

    An application has its Client ID for a username and no email address.
    """

    application_id: int
    scope: str
    allowed_scope: str
    catalog_version: str | None
    client_id: str
    customer_id: str
    subject: str
    is_service: bool
    username: str
    email: str
    name: str

    @property
    def effective_scope(self) -> tuple[str, ...]:
        """What the token is good for now."""
        return self.catalog.effective(self.scope, self.allowed_scope)

    @property
    def catalog(self) -> Catalog:
        """The APIs that there are."""
        return catalog(self.catalog_version)

    @property
    def display_name(self) -> str:
        """The person's name, or the username where none was given, as `User.display_name`."""
        return self.name or self.username


BEARER = f"""
    SELECT token.application_id, token.scope, application.allowed_scope, {VERSION}, application.client_id,
           organization.customer_id, COALESCE(person.user_id, application.service_id),
           token.user_id IS NULL, COALESCE(person.username, application.client_id),
           COALESCE(person.email, ''), COALESCE(person.name, application.name)
      FROM oauthapps_accesstoken token
      JOIN oauthapps_application application ON application.id = token.application_id
      {ORGANIZATION}
      LEFT JOIN accounts_user person ON person.id = token.user_id
      LEFT JOIN oauthapps_tokenfamily family ON family.id = token.family_id
     WHERE {LIVING_ACCESS_TOKEN}"""
# For a token that came in a URL, where only some applications' may come.
BEARER_IN_URL = f"{BEARER} AND {in_force(ExceptionKind.SESSION_ID_IN_URL)}"


class DeadAccessTokenRow(NamedTuple):
    """An access token that was refused: when it expired, and whose it is."""

    expires: datetime
    client_id: str
    username: str


# For the log. Most that are refused were never issued, so this takes no longer than the look-up before it.
DEAD_ACCESS_TOKEN = """
    SELECT token.expires, application.client_id, COALESCE(person.username, '')
      FROM oauthapps_accesstoken token
      JOIN oauthapps_application application ON application.id = token.application_id
      LEFT JOIN accounts_user person ON person.id = token.user_id
     WHERE token.token_checksum = %(digest)s"""


class AccessTokenRow(NamedTuple):
    """A living access token, as a client asks what it says."""

    id: int
    application_id: int
    scope: str
    allowed_scope: str
    created: datetime
    expires: datetime
    client_id: str
    app_type: str
    response_profile: str
    subject: str
    is_service: bool
    username: str

    @property
    def token_type(self) -> str:
        """What replies to its client call the kind of token."""
        compatible = self.response_profile == ResponseProfile.WORKFRONT
        return spec_of(self.app_type).token_type(compatible=compatible)


ACCESS_TOKEN = f"""
    SELECT token.id, token.application_id, token.scope, application.allowed_scope, token.created,
           token.expires, application.client_id, application.app_type, application.response_profile,
           COALESCE(person.user_id, application.service_id) AS subject, token.user_id IS NULL AS is_service,
           COALESCE(person.username, application.client_id) AS username
      FROM oauthapps_accesstoken token
      JOIN oauthapps_application application ON application.id = token.application_id
      LEFT JOIN accounts_user person ON person.id = token.user_id
      LEFT JOIN oauthapps_tokenfamily family ON family.id = token.family_id
     WHERE {LIVING_ACCESS_TOKEN}"""

ACCESS_TOKENS = Lookup(ACCESS_TOKEN, AccessTokenRow)


def bearer(digest: str, statement: str = BEARER) -> BearerRow | None:
    """Return whom the living access token with this digest speaks for.

    Args:
        digest: the digest.
        statement: `BEARER_IN_URL` if it must be one that may come in a URL by its application's exception.
    """
    rows = fetch_all(statement, {"digest": digest, "now": timezone.now()})
    return BearerRow._make(rows[0]) if rows else None


def dead(digest: str) -> DeadAccessTokenRow | None:
    """Return the access token with this digest that does not live, if there ever was one.

    Args:
        digest: the digest.
    """
    rows = fetch_all(DEAD_ACCESS_TOKEN, {"digest": digest})
    return DeadAccessTokenRow._make(rows[0]) if rows else None
