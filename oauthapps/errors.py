"""What can be wrong with something an administrator entered.

Every message is one clear sentence for people: what is wrong and what to do. `str(error)` is what a page or a
command shows, so no message may repeat a secret.
"""

import psycopg
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, OperationalError, models


class InDoubtError(OperationalError):
    """The database has gone while something was written: nobody knows whether it was.

    Doing it again is not safe, so no Retry-After may be sent.
    """


def was_lost(error: OperationalError) -> bool:
    """Return whether an error says that a server has gone, and not what it refused: that has a state."""
    cause = error.__cause__
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


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


class GatehouseError(Exception):
    """The base of every refusal that is meant to be read by a person.

    Attributes:
        message: the sentence to show.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidPublicKeyError(GatehouseError):
    """The pasted or uploaded text is no public key that an application could sign with."""


class PrivateKeyRefusedError(InvalidPublicKeyError):
    """Somebody pasted a private key: it must not be stored, logged or shown again."""


class InvalidLogoError(GatehouseError):
    """The uploaded file is no image that can become a logo."""


class InvalidRedirectURLError(GatehouseError):
    """The address may not be registered as a Redirect URL."""


class InvalidLinkError(GatehouseError):
    """The address may not stand behind a link that we show to people."""


class InvalidNameError(GatehouseError):
    """The text may not be shown to people as a name."""


class InvalidLifetimeError(GatehouseError):
    """The value is none of the offered lifetimes."""


class ApplicationLimitError(GatehouseError):
    """All places for applications are taken."""

    def __init__(
        self,
        message: str = (
            "You can have up to ten OAuth2 applications at one time: delete one that is no longer used, "
            "then create the new one."
        ),
    ) -> None:
        super().__init__(message)


class RedirectURLRemovedError(GatehouseError):
    """The Redirect URL that a consent page was shown for is no longer registered."""

    def __init__(self, message: str = "The Redirect URL was removed meanwhile.") -> None:
        super().__init__(message)


class RequestAnsweredError(GatehouseError):
    """A consent page was answered again after its code had been used or had ended."""

    def __init__(
        self,
        message: str = "This page was already answered, and its code was used or has expired: start again.",
    ) -> None:
        super().__init__(message)
