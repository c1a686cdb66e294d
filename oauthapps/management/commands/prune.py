from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from oauthapps.services.cleanup import BATCH, prune


class Command(AutomationCommand):
    help = (
        "Delete expired codes, tokens, sessions, links and counters, old events, and what deleted "
        "applications left behind. Run it daily."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch", type=int, default=BATCH, help="rows per transaction (default: %(default)s)"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        if options["batch"] < 1:
            raise CommandError("--batch must be 1 or more.")
        return prune(options["batch"]).as_numbers()
