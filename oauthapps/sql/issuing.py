"""Storing new tokens together with the use of what they were made from.

Either all of it happens or nothing, and of several requests with the same code or refresh token one gets
through: the condition that it is still unused stands in the UPDATE, which waits for its competitors. On
PostgreSQL the UPDATE and the INSERTs that live on its outcome are one statement and so need no transaction
around them; elsewhere they run one after the other in one.

This is SQL because the ORM cannot say it. `tests/oauth2/test_issuing.py` holds it against the models.
"""

import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections, transaction

from common.patience import patience
from oauthapps.errors import InDoubtError, was_lost
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.sql.execution import fetch_all

# What makes the new tokens possible; the rows that come back say whose they are.
USES = {
    "oauthapps_grant": """
        UPDATE oauthapps_grant SET redeemed_at = %(now)s
         WHERE id = %(source)s AND redeemed_at IS NULL
        RETURNING user_id, application_id, family_id""",
    "oauthapps_refreshtoken": """
        UPDATE oauthapps_refreshtoken SET last_used_at = %(now)s, replaced_at = %(replaced_at)s
         WHERE id = %(source)s AND replaced_at IS NULL AND revoked IS NULL
        RETURNING user_id, application_id, family_id""",
}

ADD_ACCESS_TOKEN = """
    INSERT INTO oauthapps_accesstoken
           (user_id, application_id, family_id, token, token_checksum, scope, expires, created, updated)
    SELECT user_id, application_id, family_id, '', %(access_token)s, %(scope)s, %(expires)s, %(now)s, %(now)s
      FROM used"""

ADD_REFRESH_TOKEN = """
    INSERT INTO oauthapps_refreshtoken
           (user_id, application_id, family_id, token, token_checksum, scope, created, updated,
            successor_salt)
    SELECT user_id, application_id, family_id, '', %(refresh_token)s, %(refresh_scope)s, %(now)s, %(now)s,
           %(successor_salt)s
      FROM used"""

# For a refresh token that was replaced a moment ago, as long as nobody has used the one that replaced it.
ADD_AGAIN = """
    INSERT INTO oauthapps_accesstoken
           (user_id, application_id, family_id, token, token_checksum, scope, expires, created, updated)
    SELECT used.user_id, used.application_id, used.family_id, '', %(access_token)s, %(scope)s, %(expires)s,
           %(now)s, %(now)s
      FROM oauthapps_refreshtoken used
      JOIN oauthapps_refreshtoken successor ON successor.token_checksum = %(refresh_token)s
      JOIN oauthapps_tokenfamily family ON family.id = used.family_id
     WHERE used.id = %(source)s AND used.replaced_at > %(replaced_after)s AND used.revoked IS NULL
       AND successor.family_id = used.family_id AND successor.replaced_at IS NULL
       AND successor.last_used_at IS NULL AND successor.revoked IS NULL AND family.ended_at IS NULL
    {lock}RETURNING id"""
# Whoever uses the successor meanwhile is waited for; SQLite has one writer at a time anyway.
ADD_AGAIN_ON_POSTGRESQL = ADD_AGAIN.format(lock="FOR SHARE OF successor ")
ADD_AGAIN_ON_SQLITE = ADD_AGAIN.format(lock="")

ADD_MACHINE_TOKEN = """
    INSERT INTO oauthapps_accesstoken
           (user_id, application_id, token, token_checksum, scope, expires, created, updated,
            assertion_id, assertion_expires)
    VALUES (%(user)s, %(application)s, '', %(access_token)s, %(scope)s, %(expires)s, %(now)s, %(now)s,
            %(assertion_id)s, %(assertion_expires)s)
    ON CONFLICT DO NOTHING
    RETURNING id"""

# For an assertion whose `jti` was used before, as long as its application has an exception. Both happen or
# neither: no token comes of a repeat that was not counted.
COUNT_REPEAT = f"""
    UPDATE oauthapps_datedexception SET times_needed = times_needed + 1, last_needed_at = %(now)s
     WHERE application_id = %(application)s AND kind = '{ExceptionKind.REPEATED_JTI.value}'
       AND ended_at IS NULL AND ends_at > %(now)s
    RETURNING application_id"""

ADD_REPEATED_TOKEN = """
    INSERT INTO oauthapps_accesstoken
           (user_id, application_id, token, token_checksum, scope, expires, created, updated)
    SELECT %(user)s, %(application)s, '', %(access_token)s, %(scope)s, %(expires)s, %(now)s, %(now)s
    {condition}
    ON CONFLICT DO NOTHING
    RETURNING id"""
ADD_REPEATED_TOKEN_ON_POSTGRESQL = f"WITH counted AS ({COUNT_REPEAT}) " + ADD_REPEATED_TOKEN.format(
    condition="FROM counted"
)
ADD_REPEATED_TOKEN_ON_SQLITE = ADD_REPEATED_TOKEN.format(condition="WHERE TRUE")

# What a client authenticated with instead of a secret; a second use violates the constraint.
USE_CLIENT_ASSERTION = """
    INSERT INTO oauthapps_clientassertion (application_id, digest, expires)
    VALUES (%(client)s, %(client_assertion)s, %(client_assertion_expires)s)
    RETURNING id"""

ACCESS_TOKEN_THERE = "SELECT id FROM oauthapps_accesstoken WHERE token_checksum = %(access_token)s"

# Seconds in which a database that has gone may come back to say what it has done, and between two questions.
DOUBT_SECONDS = 4
PAUSE_SECONDS = 0.2

Values = Mapping[str, str | int | datetime | None]


def use_and_add(table: str, values: Values) -> bool:
    """Use a code or refresh token up, and add what was made from it.

    Args:
        table: where `values["source"]` lies: one of `USES`.
        values: of the parameters above; where `refresh_token` is empty there is none to add.

    Returns:
        Whether it was still to be used; otherwise nothing has changed.
    """
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        statement = in_one_statement(table, bool(values["refresh_token"]))
        return has_added(statement, values)
    with transaction.atomic():
        use_client_assertion(values)
        if len(fetch_all(USES[table], values)) != 1:
            return False
        used = f"WITH used AS (SELECT user_id, application_id, family_id FROM {table} WHERE id = %(source)s)"
        for addition in additions(bool(values["refresh_token"])):
            fetch_all(used + addition, values)
    return True


def add_again(values: Values) -> bool:
    """Add an access token for a refresh token that was replaced a moment ago (RFC 9700 section 4.14.2).

    Args:
        values: as for `use_and_add`; `refresh_token` is the digest of its successor.

    Returns:
        Whether that has not been used yet; otherwise nothing has changed.
    """
    is_postgresql = connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
    return has_added(ADD_AGAIN_ON_POSTGRESQL if is_postgresql else ADD_AGAIN_ON_SQLITE, values)


@lru_cache(maxsize=8)
def in_one_statement(table: str, refresh_token: bool) -> str:
    """Return the statement that does both."""
    parts = [f"added_{number} AS ({addition})" for number, addition in enumerate(additions(refresh_token))]
    return f"WITH used AS ({USES[table]}), {', '.join(parts)} SELECT 1 FROM used"


def additions(refresh_token: bool) -> list[str]:
    """Return the statements that add the tokens, with or without a refresh token."""
    return [ADD_ACCESS_TOKEN, ADD_REFRESH_TOKEN] if refresh_token else [ADD_ACCESS_TOKEN]


def add_machine_token(values: Values) -> bool:
    """Add the access token that an assertion was exchanged for.

    Returns:
        Whether the assertion was still to be used: its `jti`, if it has one, is taken once.
    """
    return has_added(ADD_MACHINE_TOKEN, values)


def add_repeated_token(values: Values) -> bool:
    """Add the access token that an assertion was exchanged for whose `jti` was used before, and count that.

    Args:
        values: as for `add_machine_token`.

    Returns:
        Whether the application has the exception that this needs; otherwise nothing has changed.
    """
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return has_added(ADD_REPEATED_TOKEN_ON_POSTGRESQL, values)
    with transaction.atomic():
        return bool(fetch_all(COUNT_REPEAT, values)) and has_added(ADD_REPEATED_TOKEN_ON_SQLITE, values)


def has_added(statement: str, values: Values) -> bool:
    """Run a statement that adds an access token, and return whether it did.

    Where the connection is lost the database may have done it or not. The token itself says so; if it is not
    there, the same is tried again, as often as it takes: what has been used up is not used twice, nor can the
    token be added twice.

    Raises:
        InDoubtError: when the database does not come back in time, or in the time that the request has left.
    """
    if "client_assertion" in values:
        if connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
            with transaction.atomic():
                use_client_assertion(values)
                return len(fetch_all(statement, values)) == 1
        statement = using_client_assertion(statement)
    deadline = min(time.monotonic() + DOUBT_SECONDS, patience.until)
    try:
        return len(fetch_all(statement, values)) == 1
    except OperationalError as error:
        if not was_lost(error):
            raise
    while time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        connections[DEFAULT_DB_ALIAS].close()
        with contextlib.suppress(DatabaseError):
            # Asked twice: the first attempt may have been under way in the server, and have had its turn.
            return is_there(values) or len(fetch_all(statement, values)) == 1 or is_there(values)
    raise InDoubtError


def use_client_assertion(values: Values) -> None:
    """Use up what a client authenticated with, if that was an assertion.

    Raises:
        IntegrityError: when it was used before.
    """
    if "client_assertion" in values:
        fetch_all(USE_CLIENT_ASSERTION, values)


@lru_cache(maxsize=8)
def using_client_assertion(statement: str) -> str:
    """Return a statement that uses a client's assertion up as well, or fails with it."""
    following = statement.strip()
    separator = ", " if following.startswith("WITH ") else " "
    return f"WITH authenticated AS ({USE_CLIENT_ASSERTION}){separator}{following.removeprefix('WITH ')}"


def is_there(values: Values) -> bool:
    """Return whether the access token has been added."""
    return bool(fetch_all(ACCESS_TOKEN_THERE, values))
