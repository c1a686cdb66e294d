"""Dumping a database in PostgreSQL with its own programs, and restoring it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection

from server.backups.errors import BackupError

# libpq reads these (PostgreSQL's documentation, section "Environment Variables"); no process list shows them.
PARAMETERS = {
    "NAME": "PGDATABASE",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "HOST": "PGHOST",
    "PORT": "PGPORT",
}
OPTIONS = {
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslcert": "PGSSLCERT",
    "sslcrl": "PGSSLCRL",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def copy_to(file: Path) -> None:
    """Dump the database to a new file, as it is at one moment; whoever writes meanwhile does not wait.

    Raises:
        BackupError: when pg_dump is missing or fails, with what it said.
    """
    run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


def put_in_place(file: Path) -> None:
    """Restore a dump into the installation's database, all or nothing.

    Raises:
        BackupError: when pg_restore is missing or fails, with what it said.
    """
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    run("pg_restore", *options, f"--dbname={database_name()}", str(file))


def run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the installation's database.

    Raises:
        BackupError: when it is missing or fails.
    """
    path = shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is missing. Debian has it in the package postgresql-client.")
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL's, without a shell
        [path, *arguments], env={**os.environ, **environment()}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {' '.join(done.stderr.split())}")


def database_name() -> str:
    """Return the name of the installation's database, as a connection string where a service names it."""
    settings: dict[str, Any] = connection.settings_dict
    return str(settings["NAME"] or f"service={settings['OPTIONS'].get('service', '')}")


def environment() -> dict[str, str]:
    """Return what leads PostgreSQL's programs to the installation's database."""
    settings: dict[str, Any] = connection.settings_dict
    given = {PARAMETERS[name]: settings.get(name) for name in PARAMETERS}
    given |= {OPTIONS[name]: settings["OPTIONS"].get(name) for name in OPTIONS}
    return {name: str(value) for name, value in given.items() if value not in {None, ""}}
