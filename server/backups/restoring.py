"""Restoring a backup into an empty installation: all of it or nothing."""

import tempfile
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection

from accounts.management.alone import alone_with_database
from server.backups import secret_key, sqlite
from server.backups.archive import Reader
from server.backups.databases import FILES, KINDS, refuse_other_kind, refuse_used
from server.backups.errors import BackupError
from server.backups.manifest import Manifest, refuse_newer

PREFIX = ".gatehouse-restore-"


def restore_from(source: BinaryIO) -> Manifest:
    """Restore a backup and return what it says of itself; servers that start meanwhile wait.

    Args:
        source: the backup, from its beginning.

    Raises:
        BackupError: when something is in the way, or the backup is not whole or not for this code; nothing
            is changed then.
    """
    try:
        return _restore_from(source)
    except OSError as error:
        raise BackupError(f"The backup can't be restored: {error.strerror or error}.") from error
    finally:
        secret_key.forget_draft()


def _restore_from(source: BinaryIO) -> Manifest:
    reader = Reader(source)
    manifest = reader.manifest
    refuse_other_kind(manifest.database)
    refuse_newer(manifest)
    with (
        alone_with_database(),
        tempfile.TemporaryDirectory(prefix=PREFIX, dir=staging_folder()) as name,
    ):
        refuse_used()
        folder = Path(name)
        reader.extract(folder)
        secret_key.refuse_other(folder)
        # The database last: without it, the installation is as empty as before.
        secret_key.put_in_place(folder)
        try:
            KINDS[connection.vendor].put_in_place(folder / FILES[connection.vendor])
        except BackupError:
            settings.FORMER_KEYS_FILE.unlink(missing_ok=True)
            raise
    return manifest


def staging_folder() -> Path:
    """Return where there is room for what is extracted: for SQLite, beside the database."""
    return sqlite.database_file().parent if connection.vendor == "sqlite" else Path(settings.VAR_DIR)
