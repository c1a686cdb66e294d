import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from common.folder_lock import alone_in
from common.former_keys import FormerKey, read_former_keys, replace_secret, write_former_keys
from config import env

# Nothing that is signed lasts longer: sessions, SESSION_ABSOLUTE_AGE.
DAYS = 7
MOST_DAYS = 365
IN_ENVIRONMENT = (
    "SECRET_KEY is set in the environment, where this command can't change it. docs/operating.md says how to "
    'rotate it there ("Rotating the key").'
)
SHARED = (
    "If other servers use this database with copies of this key, stop them, copy var/secret_key and "
    "var/secret_key_fallbacks to each, and start them together."
)


class Command(BaseCommand):
    help = "Make a new SECRET_KEY, and accept the former one for some days more."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=DAYS,
            help="for how long to accept what was signed with the former key (default: %(default)s); 0 ends "
            "all sessions, for a key that somebody has seen",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if not 0 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be a number from 0 to {MOST_DAYS}.")
        if env.text("SECRET_KEY"):
            raise CommandError(IN_ENVIRONMENT)
        if settings.KEY_FILE.is_draft(settings.SECRET_KEY):
            raise CommandError("There is no key to rotate yet: it is made at the first start.")
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=options["days"])
        with alone_in(settings.VAR_DIR):
            rotate(settings.KEY_FILE.path, until=until)
        self.stdout.write("A new SECRET_KEY is in var/secret_key. Restart the server to use it.")
        self.stdout.write(
            f"The former key is in var/secret_key_fallbacks, accepted until {until:%Y-%m-%d %H:%M} UTC."
        )
        if connection.vendor == "postgresql":
            self.stdout.write(SHARED)


def rotate(file: Path, *, until: datetime) -> None:
    """Replace the key in a file; the former one is kept first, so that at no moment a key is lost."""
    former = FormerKey(key=file.read_text(encoding="utf-8").strip(), until=until)
    others = [each for each in read_former_keys(settings.FORMER_KEYS_FILE) if each.key != former.key]
    write_former_keys(settings.FORMER_KEYS_FILE, [former, *others])
    replace_secret(file, secrets.token_urlsafe(48) + "\n")
