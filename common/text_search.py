"""Finding a text in another whatever the capitals, in any script.

PostgreSQL does; SQLite's LIKE knows the capitals of ASCII alone.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField
from django.db.models.lookups import IContains
from django.dispatch import receiver


@CharField.register_lookup
class ContainsInAnyCase(IContains):
    """Django's `icontains`, which on SQLite compares as Python does."""

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Return the SQL for SQLite."""
        text, parameters = self.process_lhs(compiler, connection)
        return f"contains_in_any_case({text}, %s)", [*parameters, str(self.rhs)]


def contains_in_any_case(text: str | None, part: str) -> bool | None:
    """Return whether a text contains another, whatever the capitals; None where there is no text."""
    return None if text is None else part.casefold() in text.casefold()


@receiver(connection_created)
def register_comparison(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let a new connection to SQLite know the comparison."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "contains_in_any_case", 2, contains_in_any_case, deterministic=True
        )
