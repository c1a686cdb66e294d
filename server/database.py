"""How the database in use is called."""

from django.db import connection


def database_name() -> str:
    """Return which database this is: the path of an SQLite file, or a name and a host."""
    own = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"SQLite, {own['NAME']}"
    return f"PostgreSQL, {own['NAME']} on {own['HOST'] or 'this machine'}"
