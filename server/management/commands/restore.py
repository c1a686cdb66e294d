import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.schema import has_to_migrate
from server.backups import secret_key
from server.backups.errors import BackupError, clean_up_when_terminated
from server.backups.manifest import Manifest
from server.backups.restoring import restore_from

STANDARD_INPUT = "-"


class Command(BaseCommand):
    help = "Restore a backup into an empty installation."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the backup; - reads it from standard input")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        clean_up_when_terminated()
        try:
            if options["file"] == STANDARD_INPUT:
                manifest = restore_from(sys.stdin.buffer)
            else:
                with Path(options["file"]).open("rb") as opened:
                    manifest = restore_from(opened)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        for line in said_of(manifest):
            self.stdout.write(line)


def said_of(manifest: Manifest) -> list[str]:
    """Return what an operator has to know of a backup that was restored, a line each."""
    lines = [f"Restored {manifest.base_url} as it was at {manifest.created_at}, version {manifest.version}."]
    if secret_key.origin() == secret_key.FILE and manifest.secret_key_from == secret_key.ENVIRONMENT:
        lines.append("SECRET_KEY was in the environment there; here it is in var/secret_key.")
    if has_to_migrate():
        lines.append("Migrations of this version are applied when the server starts.")
    if urlsplit(manifest.base_url).hostname != urlsplit(settings.BASE_URL).hostname:
        lines.append(f"BASE_URL is {settings.BASE_URL} here: passkeys work only at {manifest.base_url}.")
    return lines
