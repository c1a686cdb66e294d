"""Copying a database in SQLite while it is written to, and putting a copy in its place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

from server.backups.errors import BackupError


def copy_to(file: Path) -> None:
    """Copy the database to a new file, as it is at one moment; whoever writes meanwhile does not wait.

    Raises:
        BackupError: when it cannot be read or written, or is damaged.
    """
    source_file = database_file()
    if not source_file.is_file():
        raise BackupError(f"There is no database yet: {source_file}")
    with told(), closing(sqlite3.connect(source_file)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)  # in one step, which reads one state in WAL mode
        target.execute("PRAGMA journal_mode=DELETE")  # all of it is in this one file
    refuse_damaged(file)


def put_in_place(file: Path) -> None:
    """Make a copy, on the same file system, the installation's database, in one step.

    Raises:
        BackupError: when the copy is damaged.
        OSError: when it cannot be moved there.
    """
    refuse_damaged(file)
    file.replace(database_file())


def refuse_damaged(file: Path) -> None:
    """Read a whole database through.

    Raises:
        BackupError: when it is damaged.
    """
    with told(), closing(sqlite3.connect(file)) as opened:
        [[verdict]] = opened.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise BackupError(f"The database is damaged: {' '.join(str(verdict).split())}")


def in_the_way() -> str:
    """Return the leftovers of another database that SQLite would take for this one's; nothing for none."""
    file = database_file()
    if file.exists():
        return ""
    beside = [file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal")]
    return ", ".join(str(each) for each in beside if each.exists())


def database_file() -> Path:
    """Return the file of the installation's database."""
    return Path(str(connection.settings_dict["NAME"])).absolute()


@contextmanager
def told() -> Iterator[None]:
    """Say in one line what SQLite cannot do."""
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"The database can't be copied: {error}.") from error
