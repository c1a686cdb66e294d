"""How the statements of every request reach the database.

On PostgreSQL they are prepared once on a connection and sent in one call (`config.postgresql`): what Django
and its driver do around a statement costs more than the statement. Whoever listens to statements, a test that
counts them or a wrapper, hears of these too.
"""

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]


def rows_of(statement: str, parameters: Parameters) -> list[Row]:
    """Run a statement and return its rows.

    Args:
        statement: in the words of the present database.
        parameters: text, numbers, moments and None, by name.

    Raises:
        DatabaseError: Django's, whatever the way.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "postgresql":
        return through_django(database, statement, adapted(database, parameters))
    straight = database.straight()
    if straight is None:
        return through_django(database, statement, parameters)
    with database.wrap_database_errors:
        found: list[Row] = straight.run(statement, parameters)
    return found


def through_django(database: Any, statement: str, parameters: Parameters) -> list[Row]:
    """Run a statement as any other."""
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[Row] = cursor.fetchall()
    return found


def adapted(database: Any, parameters: Parameters) -> Parameters:
    """Return the parameters as a database wants them that cannot store moments."""
    return {name: database.ops.adapt_unknown_value(value) for name, value in parameters.items()}
