"""What the installation's database is, and how a copy of it is made and put in its place."""

from django.db import connection
from django.db.utils import OperationalError

from server.backups import postgresql, sqlite
from server.backups.errors import BackupError

KINDS = {"sqlite": sqlite, "postgresql": postgresql}
FILES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def refuse_other_kind(kind: str) -> None:
    """Refuse a backup of another kind of database than this installation has.

    Raises:
        BackupError: which says what DATABASE_URL must be.
    """
    if kind != connection.vendor:
        raise BackupError(
            f"This backup is of a database in {NAMES.get(kind, kind)}, and DATABASE_URL leads to one in "
            f"{NAMES[connection.vendor]}."
        )


def refuse_used() -> None:
    """Refuse a database that has anything in it.

    Raises:
        BackupError: which says what is in the way, or that the database cannot be reached.
    """
    left_over = sqlite.in_the_way() if connection.vendor == "sqlite" else ""
    if left_over:
        raise BackupError(f"A restore needs an empty installation. In the way: {left_over}")
    if connection.vendor == "sqlite" and not sqlite.database_file().exists():
        return  # asking would make the file
    try:
        with connection.cursor() as cursor:
            tables = sorted(connection.introspection.table_names(cursor))
    except OperationalError as error:
        raise BackupError(f"The database can't be used: {' '.join(str(error).split())}") from error
    finally:
        connection.close()
    if tables:
        named = f"{tables[0]} and {len(tables) - 1} more" if len(tables) > 1 else tables[0]
        raise BackupError(
            f"A restore needs an empty installation. In the way: the database "
            f"{connection.settings_dict['NAME']} has tables ({named})."
        )
