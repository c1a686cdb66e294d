import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from server.backups import secret_key
from server.backups.errors import BackupError, clean_up_when_terminated
from server.backups.making import back_up_to, stream_to

STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    help = "Back up the database and SECRET_KEY into one new file, while the server runs."
    requires_system_checks: list[str] = []  # a backup is needed most when something is wrong

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="the file to make; - writes to standard output, for a pipe"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        clean_up_when_terminated()
        to_pipe = options["file"] == STANDARD_OUTPUT
        try:
            if to_pipe:
                manifest = stream_to(sys.stdout.buffer)
            else:
                manifest = back_up_to(Path(options["file"]).absolute())
        except BackupError as error:
            raise CommandError(str(error)) from error
        said = self.stderr if to_pipe else self.stdout
        size = sum(each.size for each in manifest.files.values())
        said.write(f"Backed up {manifest.database} and SECRET_KEY ({size:,} bytes).")
        if manifest.secret_key_from == secret_key.ENVIRONMENT:
            said.write("SECRET_KEY is from the environment. Your other settings aren't in the backup.")
