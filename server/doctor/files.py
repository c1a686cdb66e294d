"""Checks of what is on this machine's disks."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from config import env
from server.doctor.findings import Finding, error, ok, warning

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
MEGABYTE = 1_000_000
SCARCE, TOO_LITTLE = 1000 * MEGABYTE, 100 * MEGABYTE


def check_secret_key() -> Iterator[Finding]:
    """Where does the secret key come from?"""
    if env.text("SECRET_KEY"):
        yield ok("The secret key is given by the environment.")
    elif settings.KEY_FILE.is_draft(settings.SECRET_KEY):
        yield warning(
            "There is no secret key yet; the first start on an empty database keeps a new one.",
            "If there was one, set SECRET_KEY to it or put var/secret_key back from the backup.",
        )
    else:
        yield ok(f"The secret key is in {settings.KEY_FILE.path}: back it up with the database.")


def check_files() -> Iterator[Finding]:
    """Can other users of this machine read the key and the database, or put others in their place?"""
    open_files = [path for path in private_files() if path.stat().st_mode & OTHERS]
    open_folders = [path for path in private_folders() if path.stat().st_mode & OTHERS_WRITE]
    for path in open_files:
        yield error(f"Other users of this machine can get at {path}.", f"chmod 600 {path}")
    for path in open_folders:
        yield error(f"Other users of this machine can replace what is in {path}.", f"chmod go-w {path}")
    if not open_files and not open_folders:
        yield ok("Key and database files are out of reach for other users of this machine.")


def private_files() -> list[Path]:
    """Return the files that are their owner's alone."""
    files = [settings.KEY_FILE.path, settings.KEY_FILE.draft, settings.FORMER_KEYS_FILE]
    if database := sqlite_file():
        files += [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm")]
    return [path for path in files if path.exists()]


def private_folders() -> list[Path]:
    """Return the folders that those files are in."""
    database = sqlite_file()
    folders = {settings.VAR_DIR, *([database.parent] if database else [])}
    return sorted(path for path in folders if path.is_dir())


def sqlite_file() -> Path | None:
    """Return the file of an SQLite database."""
    return Path(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else None


def check_disk() -> Iterator[Finding]:
    """Is there room for the database to grow, and for static files?"""
    for folder in private_folders():
        free = shutil.disk_usage(folder).free
        sentence = f"{free // MEGABYTE:,} MB are free in {folder}"
        if free < TOO_LITTLE:
            yield error(f"{sentence}: soon nothing can be written.", "Make room.")
        elif free < SCARCE:
            yield warning(f"{sentence}.", "Make room.")
        else:
            yield ok(f"{sentence}.")
