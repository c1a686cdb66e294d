from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from common.work import Work
from oauthapps.services.cleanup import prune


class Command(AutomationCommand):
    help = (
        "Delete expired codes, tokens, sessions, links and counters, old events, and what deleted "
        "applications left behind. The server does so by itself (HOUSEKEEPING)."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch", type=int, help="rows per transaction (default: as many as suits the database)"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        if options["batch"] is not None and options["batch"] < 1:
            raise CommandError("--batch must be 1 or more.")
        return prune(Work(options["batch"] or 0)).as_numbers()
