"""The keys of clients, and the look-up for those that sign with one instead of showing a secret."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from oauthapps.rules.assertions import LONGEST_LIFE, Expected
from oauthapps.rules.dated_exceptions import LONGEST_ASSERTION, ExceptionKind
from oauthapps.sql.clients import CLIENTS, NOTHING, ClientRow, Lookup, Presented, joined, reuse_began
from oauthapps.sql.exceptions import in_force
from oauthapps.sql.execution import fetch_all


class KeyRow(NamedTuple):
    """A usable key of a client, with whom it acts as: a person, or the application itself.

    Its JWTs may live longer, or have a `jti` again, as long as its application has an exception.
    """

    id: int
    application_id: int
    pem: str
    last_used_at: datetime | None
    person_id: int | None
    subject: str
    is_active: bool
    may_live_longer: bool
    may_repeat: bool

    def expected(self, customer_id: str, audiences: Collection[str], now: datetime) -> Expected:
        """Return what the claims of an assertion that this key signs must say.

        Args:
            customer_id: the organization's.
            audiences: what may stand in `aud`.
            now: the time to judge by.
        """
        return Expected(
            issuer=customer_id,
            subject=self.subject,
            subject_is_active=self.is_active,
            audiences=audiences,
            now=now,
            longest=LONGEST_ASSERTION if self.may_live_longer else LONGEST_LIFE,
        )


KEY = f"""
    SELECT public_key.id, public_key.application_id, public_key.pem, public_key.last_used_at,
           person.id AS person_id, COALESCE(person.user_id, application.service_id) AS subject,
           COALESCE(person.is_active, TRUE) AS is_active,
           {in_force(ExceptionKind.LONG_ASSERTIONS)} AS may_live_longer,
           {in_force(ExceptionKind.REPEATED_JTI)} AS may_repeat
      FROM oauthapps_publickey public_key
      JOIN oauthapps_application application ON application.id = public_key.application_id
      LEFT JOIN accounts_user person ON person.id = public_key.user_id
     WHERE application.client_id = %(client_id)s AND public_key.deleted_at IS NULL
       AND (public_key.expires_at IS NULL OR public_key.expires_at > %(now)s)"""

KEYS = Lookup(KEY, KeyRow)


def keys_of(client_id: str, now: datetime) -> list[KeyRow]:
    """Return the live keys of a client, as they are when it asks for a token.

    Args:
        client_id: its Client ID.
        now: the time of asking.
    """
    return [KeyRow._make(row) for row in fetch_all(KEY, {"client_id": client_id, "now": now})]


def client_with_keys(
    client_id: str, presented: Presented | None = None
) -> tuple[ClientRow | None, list[KeyRow], list[Any]]:
    """Return an enabled client, its usable keys, and what it presents: for clients that show no secret.

    Args:
        client_id: its Client ID.
        presented: what else to look up.
    """
    now = timezone.now()
    values = {"client_id": client_id, "now": now, "replaced_after": reuse_began(now)}
    statement = joined(CLIENTS[False, presented is not None and presented.issues], KEY)
    ends = [len(ClientRow._fields), len(ClientRow._fields) + len(KeyRow._fields)]
    lookup = presented.lookup if presented else NOTHING
    if presented and lookup is not NOTHING:
        statement = joined(statement, lookup.statement)
        values["digest"] = presented.digest
    rows = fetch_all(statement, values)
    if not rows:
        return None, [], []
    # Each key stands beside each row of what is presented.
    keys = dict.fromkeys(row[ends[0] : ends[1]] for row in rows if row[ends[0]] is not None)
    shown = dict.fromkeys(row[ends[1] :] for row in rows if row[ends[1] :] and row[ends[1]] is not None)
    return (
        ClientRow._make(rows[0][: ends[0]]),
        [KeyRow._make(key) for key in keys],
        [lookup.row._make(row) for row in shown],
    )
