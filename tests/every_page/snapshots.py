"""Worlds that are built once for many tests: the rows are kept, and put back for each."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from tests.every_page.organization import World
from tests.every_page.worlds import BUILDERS, State

# What pages say of times, and tokens of an hour that were issued 47 minutes ago, stay as they were built.
LONGEST_SECONDS = 300

# What migrations write and no world changes.
OF_DJANGO = {"django_content_type", "django_migrations", "auth_permission"}


@dataclass(frozen=True)
class Snapshot:
    """A world, the rows of each table that it has any in, and when it was built."""

    world: World
    rows: dict[str, list[tuple[Any, ...]]]
    built: float

    def is_fresh(self) -> bool:
        return monotonic() - self.built < LONGEST_SECONDS


_snapshots: dict[State, Snapshot] = {}


def put(state: State) -> World:
    """Let the database hold this world and nothing else, and return it."""
    snapshot = _snapshots.get(state)
    if snapshot is None or not snapshot.is_fresh():
        snapshot = _snapshots[state] = taken(state)
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"DELETE FROM {quoted(table)}")
        for table, rows in snapshot.rows.items():
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {quoted(table)} VALUES ({places})", rows)
    return deepcopy(snapshot.world)


def taken(state: State) -> Snapshot:
    """Build a world, and take it away again."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"DELETE FROM {quoted(table)}")
        world = BUILDERS[state]()
        rows = {}
        for table in tables():
            cursor.execute(f"SELECT * FROM {quoted(table)}")
            if found := cursor.fetchall():
                rows[table] = found
        transaction.set_rollback(True)
    return Snapshot(world, rows, monotonic())


def tables() -> Iterator[str]:
    """The tables of all models but those that no world changes."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in OF_DJANGO:
            yield model._meta.db_table


def quoted(table: str) -> str:
    return connection.ops.quote_name(table)
