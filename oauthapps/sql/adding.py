"""Adding many rows in few statements, or to rows that are there: what the ORM cannot say is `n = n + 1`.

The columns are those of the model. Rows come in the order of what must be unique, so that two workers that
add to the same ones wait for each other and not each for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from django.db import connection, models

# Parameters that a statement has at most: as many as every SQLite takes.
MOST_PARAMETERS = 900


class Conflict(str):
    """What happens instead of adding a row that is there already: a clause of an INSERT."""

    __slots__ = ()


NONE = Conflict("")
KEEP = Conflict("ON CONFLICT DO NOTHING")


def add(rows: Sequence[models.Model], conflict: Conflict = NONE) -> None:
    """Add rows.

    Args:
        rows: new instances of one model, without primary keys.
        conflict: what happens instead where one is there already.
    """
    if not rows:
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(rows[0]._meta.db_table)
    many = max(1, MOST_PARAMETERS // len(fields))
    with connection.cursor() as cursor:
        for some in (rows[start : start + many] for start in range(0, len(rows), many)):
            places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(some))
            statement = f"INSERT INTO {table} ({columns}) VALUES {places} {conflict}"  # our own names
            cursor.execute(statement, list(chain.from_iterable(values_of(row, fields) for row in some)))


def values_of(row: models.Model, fields: Sequence[models.Field[Any, Any]]) -> list[Any]:
    """Return what a row has in some columns, as the database takes it."""
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
