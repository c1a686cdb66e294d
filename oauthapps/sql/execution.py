"""How the statements of every request reach the database.

On PostgreSQL they are prepared once on a connection and sent in one call: what Django and its driver do
around a statement costs more than the statement. Whoever listens to statements, a test that counts them or a
wrapper, hears of these too.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from oauthapps.sql.postgresql.base import DatabaseWrapper
from oauthapps.sql.postgresql.prepared import PreparedStatements

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]


class Spent(threading.local):
    """How long the thread that asks has waited for the database since somebody set it to 0.

    Attributes:
        seconds: of statements, not of the COMMIT of a transaction.
    """

    seconds = 0.0


spent = Spent()


def timed(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
    """Run a statement of Django's, and add up how long it takes; one of a connection's `execute_wrappers`."""
    began = perf_counter()
    try:
        return execute(sql, parameters, many, context)
    finally:
        spent.seconds += perf_counter() - began


# The wrappers of a connection that nobody listens to.
UNHEARD: tuple[list[Any], ...] = ([], [timed])


def fetch_all(statement: str, parameters: Parameters) -> list[Row]:
    """Run a statement and return its rows.

    Args:
        statement: in the words of the present database.
        parameters: text, numbers, datetimes and None, by name.

    Raises:
        DatabaseError: Django's, whatever the way.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if not isinstance(database, DatabaseWrapper):
        return fetch_from_sqlite(database, statement, parameters)
    prepared = prepared_statements(database)
    if prepared is None:
        return fetch_through_django(database, statement, parameters)
    began = perf_counter()
    try:
        with database.wrap_database_errors:
            return prepared.run(statement, parameters)
    finally:
        spent.seconds += perf_counter() - began


def prepared_statements(database: DatabaseWrapper) -> PreparedStatements | None:
    """Return a connection's prepared statements, connected; None where statements must go through Django.

    That is in a transaction, which Django begins and ends, and where somebody listens to statements.
    """
    if not database.health_check_done:
        database.close_if_health_check_failed()
    if database.connection is None:
        database.ensure_connection()
    in_transaction = database.in_atomic_block or not database.autocommit
    if in_transaction or database.execute_wrappers not in UNHEARD or database.force_debug_cursor:
        return None
    return database.prepared


def fetch_through_django(database: BaseDatabaseWrapper, statement: str, parameters: Parameters) -> list[Row]:
    """Run a statement as any other."""
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Row] = cursor.fetchall()
    return rows


def fetch_from_sqlite(database: BaseDatabaseWrapper, statement: str, parameters: Parameters) -> list[Row]:
    """Run a statement on a database that has no type for datetimes, and whose driver knows no time zone."""
    rows = fetch_through_django(database, statement, adapted(database, parameters))
    return [
        tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row)
        for row in rows
    ]


def adapted(database: BaseDatabaseWrapper, parameters: Parameters) -> Parameters:
    """Return the parameters as a database wants them that cannot store datetimes."""
    return {name: database.ops.adapt_unknown_value(value) for name, value in parameters.items()}
