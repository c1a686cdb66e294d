"""Queries that run on every request, translated to SQL once in a process instead of every time.

Building a query costs Django several times what the database needs to answer it. A compiled query is written
as any other, in the words of our querysets, and gives the same model instances; only its translation is kept.
It holds no data, so there is nothing to become stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.base import ModelState

from oauthapps.models.statements import rows_of

M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=models.Model)


class Parameter(models.Expression):
    """Stands in a query for a value that is given when it runs."""

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, *_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return the place for the value."""
        return f"%({self.name})s", []


class Stored(ModelState):
    """What an instance that was read says of itself."""

    db = DEFAULT_DB_ALIAS
    adding = False


@dataclass(frozen=True, kw_only=True)
class Instances(Generic[M]):
    """How a row, or a part of one, becomes an instance.

    Attributes:
        model: what it becomes.
        names: the model's columns that are read.
        columns: where they are in a row.
        key: where its primary key is.
        related: what else in the row belongs to it, by its field.
    """

    model: type[M]
    names: Sequence[str]
    columns: slice
    key: int
    related: Mapping[str, Instances[Any]]

    def made_of(self, row: Sequence[Any]) -> M | None:
        """Return the instance that a row stands for, with what was joined to it; None for an empty row.

        It is what `Model.from_db` makes, without asking who would like to hear of it. Columns that were not
        read are fetched when they are asked for.
        """
        if row[self.key] is None:
            return None
        state = Stored()
        if self.related:
            state.fields_cache = {name: each.made_of(row) for name, each in self.related.items()}
        made = self.model.__new__(self.model)
        made.__dict__ = dict(zip(self.names, row[self.columns], strict=False))
        made._state = state
        return made


@dataclass(frozen=True, kw_only=True)
class Translation(Generic[M]):
    """A query in the words of the present database.

    Attributes:
        sql: the statement, with places for values by name.
        converters: what turns a column's value into its field's, by position.
        instances: what each row becomes.
        width: how many columns a row has.
    """

    sql: str
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]
    instances: Instances[M]
    width: int

    def instance(self, row: Sequence[Any]) -> M | None:
        """Return the instance that a row stands for, with what was joined to it; None for an empty row.

        A row may be longer, if this query's columns come first.
        """
        if self.converters:
            row = list(row)
            for position, (converters, expression) in self.converters.items():
                for convert in converters:
                    row[position] = convert(row[position], expression, connection)
        return self.instances.made_of(row)


class CompiledQuery(Generic[M]):
    """A query with places for values.

    Args:
        build: returns the queryset, with a `Parameter` in each of these places; no other values may be in it.
            It is called when the query first runs.
    """

    def __init__(self, build: Callable[[], models.QuerySet[M]]) -> None:
        self.build = build

    def one(self, values: Mapping[str, Any]) -> M | None:
        """Run the query and return its row, if there is one.

        Args:
            values: what to put in its places, by name.
        """
        translation = self.translation
        rows = rows_of(translation.sql, values)
        return translation.instance(rows[0]) if rows else None

    def one_with(self, other: CompiledQuery[N], values: Mapping[str, Any]) -> tuple[M | None, list[N]]:
        """Run both queries in one statement and return the row of this one and the rows of the other.

        Args:
            other: another query; where this one finds nothing, what it finds is not told.
            values: what to put in the places of both, by name.
        """
        first, second = self.translation, other.translation
        rows = rows_of(joined(first.sql, second.sql), values)
        if not rows:
            return None, []
        others = [second.instance(row[first.width :]) for row in rows]
        return first.instance(rows[0]), [each for each in others if each is not None]

    @cached_property
    def translation(self) -> Translation[M]:
        """The query in the words of the present database: there is one in a process."""
        return translate(self.build())


@lru_cache(maxsize=64)
def joined(first: str, second: str) -> str:
    """Return the statement that runs both; the first finds one row at most."""
    return f"SELECT * FROM ({first}) first LEFT JOIN ({second}) second ON TRUE"  # noqa: S608


def translate(queryset: models.QuerySet[M]) -> Translation[M]:
    """Translate a queryset for the present database."""
    compiler: Any = queryset.query.get_compiler(connection=connection)
    sql, values = compiler.as_sql()
    if values:
        raise ImproperlyConfigured(f"A query for every request has values without a name: {values}")
    return Translation(
        sql=sql,
        converters=compiler.get_converters([column[0] for column in compiler.select]),
        instances=instances(compiler.klass_info, compiler.select),
        width=len(compiler.select),
    )


def instances(info: dict[str, Any], select: Sequence[Any]) -> Instances[Any]:
    """Return what becomes of the columns that Django's compiler selects for a model."""
    model, positions = info["model"], info["select_fields"]
    names = [select[position][0].target.attname for position in positions]
    return Instances(
        model=model,
        names=names,
        columns=slice(positions[0], positions[-1] + 1),
        key=positions[names.index(model._meta.pk.attname)],
        related={
            each["field"].cache_name: instances(each, select) for each in info.get("related_klass_infos", ())
        },
    )
