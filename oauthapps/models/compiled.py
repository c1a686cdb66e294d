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
        names: the model's columns that are read.
        first, end: where they are in a row.
        related: what becomes of the other columns.
    """

    sql: str
    parameters: Sequence[Any]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]
    model: type[M]
    names: list[str]
    first: int
    end: int
    related: list[Any]

    def instance(self, row: Sequence[Any]) -> M:
        """Return the instance that a row stands for, with what was joined to it."""
        row = list(row)
        for position, (converters, expression) in self.converters.items():
            for convert in converters:
                row[position] = convert(row[position], expression, connection)
        made: M = self.model.from_db(connection.alias, self.names, row[self.first : self.end])
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

    def all(self, **values: Any) -> list[M]:
        """Run the query and return its rows.

        Args:
            values: what to put in its places, by name.
        """
        translation = self.translations.get(connection.vendor) or self.translate()
        bound = [
            each.bound(values) if isinstance(each, Parameter) else each for each in translation.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(translation.sql, bound)
            return [translation.instance(row) for row in cursor.fetchall()]

    def one(self, **values: Any) -> M | None:
        """Return the row of a query that finds one at most."""
        return next(iter(self.all(**values)), None)

    def translate(self) -> Translation[M]:
        """Translate the query for the present database, and keep that."""
        populators: Any = get_related_populators  # which the stubs know from a later Django
        compiler: Any = self.build().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        fields = compiler.klass_info["select_fields"]
        first, end = fields[0], fields[-1] + 1
        translation = self.translations[connection.vendor] = Translation(
            sql=sql,
            parameters=parameters,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
            model=compiler.klass_info["model"],
            names=[column[0].target.attname for column in compiler.select[first:end]],
            first=first,
            end=end,
            related=populators(compiler.klass_info, compiler.select, connection.alias),
        )
        return translation
