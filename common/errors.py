"""Errors that people read, and rows that exist already.

Every message is one clear sentence for people: what is wrong and what to do. `str(error)` is what a page or a
command shows, so no message may repeat a secret.
"""

import psycopg
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models


class GatehouseError(Exception):
    """The base of every refusal that is meant to be read by a person.

    Attributes:
        message: the sentence to show.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidNameError(GatehouseError):
    """The text may not be shown to people as a name."""


def violates(error: IntegrityError, model: type[models.Model], name: str) -> bool:
    """Return whether an error says that a row exists already, and nothing else.

    PostgreSQL names the constraint, SQLite its columns, or its index where that is on expressions.

    Args:
        error: what the database said.
        model: of the row that could not be written.
        name: the unique constraint, or the field that is unique by itself.
    """
    cause = error.__cause__
    if isinstance(cause, psycopg.Error):
        return cause.diag.constraint_name == constraint_name(model, name)
    said = str(error).removeprefix("UNIQUE constraint failed: ")
    return said in {f"index '{name}'", ", ".join(columns_of(model, name))}


def constraint_name(model: type[models.Model], name: str) -> str:
    """Return what PostgreSQL calls a constraint; it names one by itself where a field brings it along."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    table = model._meta.db_table
    return f"{table}_pkey" if getattr(field, "primary_key", False) else f"{table}_{name}_key"


def columns_of(model: type[models.Model], name: str) -> list[str]:
    """Return the columns that are unique together, each with its table; none where they are expressions."""
    constraint = next((each for each in model._meta.constraints if each.name == name), None)
    names = constraint.fields if isinstance(constraint, models.UniqueConstraint) else [name]
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    return [f"{model._meta.db_table}.{columns[each]}" for each in names]
