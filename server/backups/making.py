"""Making a backup: whole or not at all, and never in the place of another file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection

from config.version import VERSION
from server.backups import archive, secret_key
from server.backups.databases import FILES, KINDS
from server.backups.errors import BackupError
from server.backups.manifest import Manifest, applied_migrations

PREFIX = ".gatehouse-backup-"


def back_up_to(file: Path) -> Manifest:
    """Back this installation up to a new file, its owner's alone, and return what the backup says of itself.

    Raises:
        BackupError: when the file exists, or the backup cannot be made; nothing of it is left then.
    """
    refuse_existing(file)
    with told(file.parent), tempfile.TemporaryDirectory(prefix=PREFIX, dir=file.parent) as folder:
        draft = Path(folder) / "draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            manifest = write_backup(opened, Path(folder))
            opened.flush()
            os.fsync(opened.fileno())
        move_to_new(draft, file)
        sync_folder(file.parent)
    return manifest


def stream_to(pipe: BinaryIO) -> Manifest:
    """Back this installation up to a pipe; a copy of the database is in var/ meanwhile.

    Raises:
        BackupError: when the backup cannot be made.
    """
    with (
        told("standard output"),
        tempfile.TemporaryDirectory(prefix=PREFIX, dir=settings.VAR_DIR) as folder,
    ):
        manifest = write_backup(pipe, Path(folder))
        pipe.flush()
    return manifest


def write_backup(target: BinaryIO, folder: Path) -> Manifest:
    """Collect what a backup has in a folder, and write it."""
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    database = FILES[connection.vendor]
    KINDS[connection.vendor].copy_to(folder / database)
    migrations = applied_migrations()
    if not migrations:
        raise BackupError("There is nothing to back up yet: the database has no tables.")
    files = {name: folder / name for name in (*secret_key.copy_to(folder), database)}
    manifest = Manifest(
        version=VERSION,
        created_at=created_at,
        database=connection.vendor,
        migrations=migrations,
        base_url=settings.BASE_URL,
        secret_key_from=secret_key.origin(),
        files={name: archive.contents_of(file) for name, file in files.items()},
    )
    archive.write(target, manifest, files)
    return manifest


def refuse_existing(file: Path) -> None:
    """Refuse to write where something is already.

    Raises:
        BackupError: when something is.
    """
    if os.path.lexists(file):
        raise BackupError(f"{file} exists already. A backup replaces no file.")


def move_to_new(draft: Path, file: Path) -> None:
    """Give a file its name, unless another one has got it meanwhile.

    Raises:
        BackupError: when another one has.
    """
    try:
        os.link(draft, file)
    except FileExistsError:
        refuse_existing(file)
    except OSError:  # some network file systems know no second names
        refuse_existing(file)
        draft.rename(file)


def sync_folder(folder: Path) -> None:
    """Let the name of a new file outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(where: Path | str) -> Iterator[None]:
    """Say in one line what cannot be written, and where."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"The backup can't be written to {where}: {error.strerror or error}.") from error
