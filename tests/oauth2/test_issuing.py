"""The statements that store new tokens, held against the models they write to."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from oauthapps.models import AccessToken, Grant, RefreshToken
from oauthapps.sql import access_tokens, client_keys, clients, issuing
from oauthapps.sql.execution import adapted
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)

# Each statement that adds a row, its model, and the columns that get a value later or never.
ADDING: dict[str, tuple[str, type[models.Model], set[str]]] = {
    "a person's access token": (
        issuing.ADD_ACCESS_TOKEN,
        AccessToken,
        {"id", "revoked_at", "assertion_id", "assertion_expires"},
    ),
    "a machine's access token": (issuing.ADD_MACHINE_TOKEN, AccessToken, {"id", "revoked_at", "family_id"}),
    "a token for a repeated assertion": (
        issuing.ADD_REPEATED_TOKEN,
        AccessToken,
        {"id", "revoked_at", "family_id", "assertion_id", "assertion_expires"},
    ),
    "a refresh token": (
        issuing.ADD_REFRESH_TOKEN,
        RefreshToken,
        {"id", "last_used_at", "replaced_at", "revoked"},
    ),
}


@pytest.mark.parametrize("name", ADDING)
def test_every_column_of_a_new_row_is_written_or_has_its_value_later(name: str) -> None:
    statement, model, later = ADDING[name]
    ((table, columns),) = re.findall(r"INSERT INTO (\w+)\s+\(([a-z_,\s]+)\)\s+(?:SELECT|VALUES)", statement)
    assert table == model._meta.db_table
    written = {column.strip() for column in columns.split(",")}
    assert not written & later
    assert written | later == {field.column for field in model._meta.concrete_fields}


def test_what_is_used_up_lies_in_the_models_tables() -> None:
    tables = {table: re.findall(r"UPDATE (\w+)", statement) for table, statement in issuing.USES.items()}
    assert tables == {model._meta.db_table: [model._meta.db_table] for model in (Grant, RefreshToken)}


def test_what_is_used_up_twice_adds_nothing_the_second_time(web: OAuthClient, visitor: Client) -> None:
    web.get_code(visitor)
    values = {
        "now": timezone.now(),
        "source": Grant.objects.get().pk,
        "access_token": "a" * 64,
        "scope": "read",
        "expires": timezone.now() + timedelta(hours=1),
        "refresh_token": "b" * 64,
        "refresh_scope": "read offline_access",
        "successor_salt": "salt",
    }
    assert issuing.use_and_add("oauthapps_grant", values)
    assert not issuing.use_and_add("oauthapps_grant", values | {"access_token": "c" * 64})
    access, refresh = AccessToken.objects.get(), RefreshToken.objects.get()
    assert (access.token_checksum, access.scope, access.expires) == ("a" * 64, "read", values["expires"])
    assert (refresh.token_checksum, refresh.scope) == ("b" * 64, "read offline_access")
    assert refresh.successor_salt == "salt"
    assert access.family_id == refresh.family_id == Grant.objects.get().family_id


# Each look-up, and the column whose index leads to what was presented.
LOOKUPS: dict[str, tuple[str, str]] = {
    "confidential clients": (clients.CLIENTS[True, True], "digest|client_id"),
    "public clients": (clients.CLIENTS[False, True], "client_id"),
    "what a token speaks for": (access_tokens.BEARER, "token_checksum"),
    "what a token in a URL speaks for": (access_tokens.BEARER_IN_URL, "token_checksum"),
    "access tokens": (access_tokens.ACCESS_TOKEN, "token_checksum"),
    "refresh tokens": (clients.REFRESH_TOKEN, "token_checksum"),
    "grants": (clients.GRANT, "code"),
    "keys": (client_keys.KEY, "client_id"),
}
VALUES = {"client_id": "0" * 32, "secret": "1" * 64, "other_secret": "2" * 64, "digest": "3" * 64}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_look_up_follows_indexes_alone(db: None, name: str) -> None:
    statement, column = LOOKUPS[name]
    now = timezone.now()
    values = VALUES | {"now": now, "replaced_after": now}
    plan = plan_of(statement, adapted(connection, values))
    assert not reads_a_whole_table(plan), plan
    assert re.search(rf"\(({column})=\?|Index Cond: \(+({column})\)?(::text)? =", plan), plan


def test_what_is_added_again_follows_indexes_alone(db: None) -> None:
    now, digest = timezone.now(), "4" * 64
    values = {"now": now, "source": 1, "replaced_after": now, "refresh_token": digest, "access_token": digest}
    statement = (
        issuing.ADD_AGAIN_ON_SQLITE if connection.vendor == "sqlite" else issuing.ADD_AGAIN_ON_POSTGRESQL
    )
    plan = plan_of(statement, adapted(connection, values | {"scope": "read", "expires": now}))
    assert not reads_a_whole_table(plan), plan
    assert re.search(r"token_checksum\)?(::text)? ?=", plan), plan


@pytest.mark.parametrize("table", issuing.USES)
def test_using_up_follows_an_index(db: None, table: str) -> None:
    values = {"now": timezone.now(), "source": 1, "replaced_at": None}
    plan = plan_of(issuing.USES[table], adapted(connection, values))
    assert not reads_a_whole_table(plan), plan
    assert re.search(r"\(rowid=\?|Index Cond: \(id =", plan), plan


def test_counting_a_repeat_follows_an_index(db: None) -> None:
    plan = plan_of(issuing.COUNT_REPEAT, adapted(connection, {"now": timezone.now(), "application": 1}))
    assert not reads_a_whole_table(plan), plan
    assert re.search(r"application_id=\? AND kind=\?|Index Cond: \(\(application_id =", plan), plan


def reads_a_whole_table(plan: str) -> bool:
    return re.search(r"Seq Scan|\bSCAN\b", plan) is not None


def plan_of(statement: str, values: Any) -> str:
    """How the database would find the rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            return str(cursor.fetchall())
        # Small tables are read whole whatever the indexes: let that look dear.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = str(cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    return plan


def test_pages_of_rows_that_are_used_up_have_room_for_their_next_version(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("about PostgreSQL alone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE 'fillfactor=85' = ANY (reloptions)")
        assert {name for (name,) in cursor.fetchall()} == set(issuing.USES)
