"""Checks of the database server and of whether code, key and data belong together."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils import timezone

from accounts.management.schema import read_schema, secret_key_is_lost
from accounts.security.ciphers import UnreadableError
from audit.models import Event
from config import env
from server.database import database_name
from server.doctor.files import sqlite_file
from server.doctor.findings import Finding, error, ok, warning

CLOCK_WARNING, CLOCK_ERROR = 5, 60  # seconds

# Beside those of requests: for commands, and what PostgreSQL keeps for its own administrator.
SPARE_CONNECTIONS = 5


def check_database() -> Iterator[Finding]:
    """Which database is it, and is it set up as we need it?"""
    file = sqlite_file()
    if file and not file.exists():
        yield error(f"There is no database at {file} yet.", "Start manage.py serve, or correct DATABASE_URL.")
        return
    found = list(sqlite_settings() if connection.vendor == "sqlite" else postgresql_settings())
    yield from found
    if not found:
        yield ok(f"The database is {database_name()} ({version()}).")


def version() -> str:
    """Return the version of the database server or library."""
    return str(value("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version"))


def value(statement: str) -> Any:
    """Return the one value that a statement asks for."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None


def sqlite_settings() -> Iterator[Finding]:
    """Yield what is not as config/env.py asks for."""
    mode = value("PRAGMA journal_mode")
    if mode != "wal":
        yield warning(
            f"SQLite's journal mode is {mode}, not wal: whoever reads waits for whoever writes.",
            "Keep the file on a local disk, which wal needs.",
        )
    if value("PRAGMA foreign_keys") != 1:
        yield error("SQLite doesn't check foreign keys.", "Remove options from DATABASE_URL.")


def postgresql_settings() -> Iterator[Finding]:
    """Yield what of PostgreSQL's settings costs data, secrecy or requests."""
    if value("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"):
        yield error("PostgreSQL only reads.", "Connect to the primary server, or let this role write.")
    if value("SHOW server_encoding") != "UTF8":
        yield error("The database's encoding isn't UTF8.", "Create it anew with ENCODING 'UTF8'.")
    for name in ("fsync", "synchronous_commit"):
        if value(f"SHOW {name}") == "off":
            yield warning(
                f"PostgreSQL's {name} is off, so a crash loses what was confirmed.", f"Set {name} to on."
            )
    is_encrypted = value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    if not is_encrypted and value("SELECT inet_client_addr() <> inet_server_addr()"):
        yield warning(
            "The connection to PostgreSQL crosses the network unencrypted.",
            "Add ?sslmode=verify-full to DATABASE_URL.",
        )
    needed = env.number("WORKERS", 2) * env.number("THREADS", 2) + SPARE_CONNECTIONS
    if int(value("SHOW max_connections")) < needed:
        yield warning(
            f"PostgreSQL takes fewer than {needed} connections, which WORKERS and THREADS may need.",
            "Raise max_connections.",
        )


def check_migrations() -> Iterator[Finding]:
    """Does the database fit the code?"""
    schema = read_schema()
    if schema.newer:
        yield error(
            f"The database was migrated by a newer version: {', '.join(schema.newer)}.",
            "Start that version, or restore the backup from before the upgrade.",
        )
    if schema.missing:
        yield error(
            f"Migrations have not been applied: {len(schema.missing)}, from {schema.missing[0]}.",
            "Run manage.py migrate, or start manage.py serve.",
        )
    if not schema.newer and not schema.missing:
        yield ok("All migrations are applied.")


def check_clock() -> Iterator[Finding]:
    """Does this machine's clock agree with the database server's, and with what happened before?"""
    latest = Event.objects.order_by("-at").values_list("at", flat=True).first()
    if latest and latest > timezone.now() + timedelta(seconds=CLOCK_ERROR):
        yield error(
            f"The latest event is from {latest:%Y-%m-%d %H:%M} UTC, which is still to come.",
            "Set the clock by NTP. If it ran ahead for a while, tokens from then last longer.",
        )
    elif connection.vendor == "sqlite":
        yield ok("The clock isn't behind the latest event; with SQLite there is no other clock to compare.")
    if connection.vendor == "postgresql":
        yield compared(seconds_ahead())


def compared(seconds: float) -> Finding:
    """Return what it means that this machine's clock is ahead of the database server's by some seconds."""
    sentence = f"This machine's clock and the database server's differ by {abs(seconds):.1f} seconds"
    advice = "Set both by NTP: assertions and tokens are judged by this machine's clock."
    if abs(seconds) > CLOCK_ERROR:
        return error(f"{sentence}.", advice)
    if abs(seconds) > CLOCK_WARNING:
        return warning(f"{sentence}.", advice)
    return ok(f"{sentence}.")


def seconds_ahead() -> float:
    """Return by how many seconds this machine's clock is ahead of PostgreSQL's, the way there left out."""
    before = time.time()
    theirs = float(value("SELECT extract(epoch FROM clock_timestamp())"))
    return (before + time.time()) / 2 - theirs


def check_stored_secrets() -> Iterator[Finding]:
    """Is there the secret key that the database was used with, and can what it encrypted be read?"""
    if secret_key_is_lost():
        yield error(
            "There is no secret key, and the database is in use: the server doesn't start.",
            "Set SECRET_KEY to the key that it was used with, or put var/secret_key back from the backup.",
        )
        return
    app = Authenticator.objects.filter(type=Authenticator.Type.TOTP).order_by("-pk").first()
    if app is None:
        yield ok("Nothing is stored that depends on the secret key.")
        return
    try:
        get_adapter().decrypt(app.data["secret"])
    except UnreadableError:
        yield error(
            "Authenticator apps were set up under another secret key.",
            "Restore that key, or have their owners set them up again (Reset second factors).",
        )
    else:
        yield ok("Authenticator apps can be read with this secret key.")
