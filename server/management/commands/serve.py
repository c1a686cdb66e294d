import hashlib
import os
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from accounts.management.alone import alone_with_database
from accounts.management.base import one_line
from accounts.management.schema import keep_secret_key, read_schema
from accounts.oidc.errors import ProviderError
from accounts.services.reencryption import reencrypt_stored
from common.folder_lock import alone_in
from common.former_keys import read_former_keys, write_former_keys
from config import env
from server import environment_provider, first_run
from server.database import database_name
from server.guide import pages as guide
from server.unsafe_settings import refuse_unsafe_settings
from server.workers.server import serve

LAST_PORT = 65535


class Command(BaseCommand):
    help = "Migrate the database, create the first administrator, and serve with granian."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=env.number("WORKERS", 2))
        # Each with a database connection of its own; more than a few get in each other's way.
        parser.add_argument("--threads", type=int, default=env.number("THREADS", 2))
        parser.add_argument(
            "--no-migrate",
            action="store_false",
            dest="migrate",
            help="don't apply migrations, and don't start where any is missing",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        for name in ("workers", "threads"):
            if options[name] < 1:
                raise CommandError(f"--{name} (or {name.upper()}) must be 1 or more.")
        refuse_unsafe_settings()
        check_host_and_port(options["host"], options["port"])
        remember_base_url(options["port"])
        with alone_with_database():
            migrate_if_needed(allowed=options["migrate"])
            keep_secret_key()
            forget_expired_keys()
            self.introduce_administrator()
            self.introduce_provider()
        with alone_in(settings.VAR_DIR):
            collect_static_files_if_changed()
        guide.prepare()
        self.stdout.write(f"The database is {database_name()}.")
        self.stdout.write(f"{settings.PRODUCT_NAME} is at {settings.BASE_URL}/ (stop it with Ctrl-C)")
        self.stdout.flush()
        connections.close_all()  # an open connection must not be shared with the workers
        serve(options["host"], options["port"], options["workers"], options["threads"])

    def introduce_administrator(self) -> None:
        """Say, once, how to sign in."""
        try:
            administrator = first_run.prepare()
        except ValidationError as error:
            raise CommandError(f"The first administrator can't be created: {one_line(error)}") from error
        if administrator and administrator.password:
            self.stdout.write(
                f"First administrator: {administrator.username}\n"
                f"Password (shown only once): {administrator.password}\n"
                "You'll choose your own password when you first sign in."
            )

    def introduce_provider(self) -> None:
        """Add or update the provider that the environment names; if it is down, the server still starts."""
        try:
            if sentence := environment_provider.prepare():
                self.stdout.write(sentence)
        except ValidationError as error:
            raise CommandError(f"The identity provider can't be added: {one_line(error)}") from error
        except ProviderError as error:
            text = "The identity provider in the environment wasn't added. The next start will try again."
            self.stderr.write(f"{text} {error.explanation}")


def check_host_and_port(host: str, port: int) -> None:
    """Refuse a host and port that cannot be served, before anything is written.

    granian lets several servers share a port, which then answer in turns: here that is never meant.
    """
    if not 1 <= port <= LAST_PORT:
        raise CommandError(f"--port must be a number from 1 to {LAST_PORT}, not {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from error


def remember_base_url(port: int) -> None:
    """Record the default BASE_URL, which depends on the port, where settings and other commands find it."""
    base_url = env.origin(f"http://localhost:{port}").geturl()
    if env.text("BASE_URL") or base_url == settings.BASE_URL:
        return
    (settings.VAR_DIR / "base_url").write_text(base_url + "\n", encoding="utf-8")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # settings are read once


def migrate_if_needed(*, allowed: bool) -> None:
    """Apply migrations that have not been applied, and say nothing where there are none.

    Raises:
        CommandError: where a newer version has migrated the database, or there are some and none is allowed.
    """
    schema = read_schema()
    schema.refuse_newer()
    if schema.missing and not allowed:
        raise CommandError(
            "Migrations have not been applied: run manage.py migrate, or start without --no-migrate."
        )
    if schema.missing:
        call_command("migrate", verbosity=0, interactive=False)
    connection.close()


def forget_expired_keys() -> None:
    """Encrypt anew what needs a former SECRET_KEY, then forget the keys that have expired."""
    former = [*settings.SECRET_KEY_FALLBACKS, *settings.EXPIRED_SECRET_KEYS]
    if not former:
        return
    reencrypt_stored(former)
    if settings.EXPIRED_SECRET_KEYS:
        kept = read_former_keys(settings.FORMER_KEYS_FILE)
        left = [each for each in kept if each.key not in settings.EXPIRED_SECRET_KEYS]
        write_former_keys(settings.FORMER_KEYS_FILE, left)


def collect_static_files_if_changed() -> None:
    """Collect the static files when any of them is not what was collected last."""
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    sources = static_sources()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == sources:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(sources, encoding="utf-8")


def static_sources() -> str:
    """Return a digest of every static file we would collect: names, sizes and contents of our own."""
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
