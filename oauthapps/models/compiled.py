"""Queries that run on every request, translated to SQL once in a process instead of every time.

Building a query costs Django several times what the database needs to answer it. A compiled query is written
as any other, in the words of our querysets, and gives the same model instances; only its translation is kept.
It holds no data, so there is nothing to become stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=models.Model)


class Parameter(models.Expression):
    """Stands in a query for a value that is given when it runs."""

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, *_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return the place for the value and, as its value, which one it is."""
        return "%s", [self]

    def bound(self, values: dict[str, Any]) -> Any:
        """Return the value as the database wants it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


@dataclass(frozen=True, kw_only=True)
class Translation(Generic[M]):
    """A query in the words of one kind of database.

    Attributes:
        sql: the statement.
        parameters: its parameters in order, some of which wait for their value.
        converters: what turns a column's value into its field's, by position.
        model: what each row becomes.
        names: the model's own columns that are read; they come first in a row.
        key: where in a row the model's primary key is.
        related: what becomes of the other columns.
        width: how many columns a row has.
    """

    sql: str
    parameters: Sequence[Any]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]
    model: type[M]
    names: list[str]
    key: int
    related: list[Any]
    width: int

    def instance(self, row: Sequence[Any]) -> M | None:
        """Return the instance that a row stands for, with what was joined to it; None for an empty row."""
        if row[self.key] is None:
            return None
        row = list(row)
        for position, (converters, expression) in self.converters.items():
            for convert in converters:
                row[position] = convert(row[position], expression, connection)
        made = self.model.from_db(connection.alias, self.names, row[: len(self.names)])
        for populator in self.related:
            populator.populate(row, made)
        return made


class CompiledQuery(Generic[M]):
    """A query with places for values.

    Args:
        build: returns the queryset, with a `Parameter` in each of these places. It is called once for each
            kind of database, when the query first runs.
    """

    def __init__(self, build: Callable[[], models.QuerySet[M]]) -> None:
        self.build = build
        self.translations: dict[str, Translation[M]] = {}

    def one(self, **values: Any) -> M | None:
        """Run the query and return its row, if there is one.

        Args:
            values: what to put in its places, by name.
        """
        translation = self.translation
        rows = run(translation.sql, translation.parameters, values)
        return translation.instance(rows[0]) if rows else None

    def one_with(self, other: CompiledQuery[N], **values: Any) -> tuple[M | None, list[N]]:
        """Run both queries in one statement and return the row of this one and the rows of the other.

        Args:
            other: another query; where this one finds nothing, what it finds is not told.
            values: what to put in the places of both, by name.
        """
        first, second = self.translation, other.translation
        sql = f"SELECT * FROM ({first.sql}) first LEFT JOIN ({second.sql}) second ON TRUE"  # noqa: S608
        rows = run(sql, [*first.parameters, *second.parameters], values)
        if not rows:
            return None, []
        others = (second.instance(row[first.width :]) for row in rows)
        return first.instance(rows[0][: first.width]), [each for each in others if each is not None]

    @property
    def translation(self) -> Translation[M]:
        """The query for the present database, translated when it is first asked for."""
        if connection.vendor not in self.translations:
            self.translations[connection.vendor] = translate(self.build())
        return self.translations[connection.vendor]


def translate(queryset: models.QuerySet[M]) -> Translation[M]:
    """Translate a queryset for the present database."""
    populators: Any = get_related_populators  # which the stubs know from a later Django
    compiler: Any = queryset.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    names = [compiler.select[index][0].target.attname for index in compiler.klass_info["select_fields"]]
    return Translation(
        sql=sql,
        parameters=parameters,
        converters=compiler.get_converters([column[0] for column in compiler.select]),
        model=queryset.model,
        names=names,
        key=names.index(queryset.model._meta.pk.attname),
        related=populators(compiler.klass_info, compiler.select, connection.alias),
        width=len(compiler.select),
    )


def run(sql: str, parameters: Sequence[Any], values: dict[str, Any]) -> list[Sequence[Any]]:
    """Run a statement with these values in its places and return its rows."""
    bound = [each.bound(values) if isinstance(each, Parameter) else each for each in parameters]
    with connection.cursor() as cursor:
        cursor.execute(sql, bound)
        rows: list[Sequence[Any]] = cursor.fetchall()
    return rows
