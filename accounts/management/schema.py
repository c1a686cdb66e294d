"""Whether this code, this database and this secret key belong together."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from accounts.management.alone import alone_with_database
from accounts.models import User
from common.key_file import KeyFile


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The migrations of the code and those of the database, each as `app.name`.

    Attributes:
        missing: those that have not been applied.
        newer: those that a newer version has applied, and this code does not have.
        is_empty: whether none has been applied.
    """

    missing: list[str]
    newer: list[str]
    is_empty: bool

    def refuse_newer(self) -> None:
        """Refuse a database that a newer version has migrated.

        Raises:
            CommandError: with what to do.
        """
        if self.newer:
            raise CommandError(
                f"The database was migrated by a newer version ({', '.join(self.newer)}): start that "
                "version, or restore the backup from before the upgrade."
            )


def read_schema() -> Schema:
    """Compare the migrations of the code with those of the database."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return Schema(
        missing=[f"{migration.app_label}.{migration.name}" for migration, _ in plan],
        newer=newer_migrations(loader),
        is_empty=not loader.applied_migrations,
    )


def newer_migrations(loader: MigrationLoader) -> list[str]:
    """Return the applied migrations that the code doesn't have, and that come after those it has.

    Earlier ones that it doesn't have were squashed since, and those of other apps were removed with them.
    """
    known: Any = loader.disk_migrations
    newest = {app: max(name for its_app, name in known if its_app == app) for app, _ in known}
    return sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(known)
        if app in newest and name[:4] >= newest[app][:4]
    )


def has_to_migrate() -> bool:
    """Return whether there are migrations that have not been applied."""
    return bool(read_schema().missing)


def ensure_tables() -> None:
    """Create the tables of a database that has none yet; never alter those of one that has.

    Raises:
        CommandError: when the database is older or newer than the program.
    """
    schema = read_schema()
    schema.refuse_newer()
    if not schema.missing:
        return
    with alone_with_database():
        schema = read_schema()
        if not schema.missing:  # another process has done it meanwhile
            return
        if not schema.is_empty:
            raise CommandError("The database was made by an older version: run manage.py migrate first.")
        call_command("migrate", verbosity=0, interactive=False)


def keep_secret_key() -> None:
    """Keep a secret key that was generated just now, if nothing was stored under another one.

    Raises:
        CommandError: where people have used the database, so that there was another one.
    """
    file: KeyFile = settings.KEY_FILE
    if secret_key_is_lost():
        raise CommandError(
            f"There is no secret key, and the database is in use: set SECRET_KEY to the key that it was used "
            f"with, or put {file.path} back. If that key is lost, set SECRET_KEY to a new one: sessions end, "
            "and authenticator apps have to be set up again."
        )
    if file.is_draft(settings.SECRET_KEY):
        file.keep()


def secret_key_is_lost() -> bool:
    """Return whether the secret key is new, and people have used the database with another."""
    return settings.KEY_FILE.is_draft(settings.SECRET_KEY) and User.objects.exists()
