#!/usr/bin/env python3
"""Run a management command on the installation in this folder."""

import os
import sys
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility, get_commands
from django.core.management.base import BaseCommand
from django.db import OperationalError

from config.version import VERSION

# Commands of what we build on that would fail or go past our rules and records: what to use instead.
REPLACED = {
    "changepassword": "reset_user",
    "clearcimdapplications": "prune",
    "cleartokens": "prune",
    "createapplication": "create_application",
    "createsuperuser": "create_user --role administrator",
}


class Utility(ManagementUtility):
    """Django's, with our version instead of its own and without the commands that ours replace."""

    def execute(self) -> None:
        """Run the command; Django answers `version` before it looks for a command of that name."""
        if self.argv[1:2] in (["version"], ["--version"]):
            sys.stdout.write(f"{VERSION}\n")
        else:
            super().execute()

    def main_help_text(self, commands_only: bool = False) -> str:
        """Return the list of commands, or an overview of them."""
        for name in REPLACED:
            get_commands().pop(name, None)
        return super().main_help_text(commands_only)

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return the command of that name, or end the program where there is none."""
        if subcommand in REPLACED:
            sys.exit(f"There is no {subcommand} here. Use manage.py {REPLACED[subcommand]}.")
        return super().fetch_command(subcommand)


def main() -> None:
    """Run the command, and say in one line what is wrong with the configuration where something is."""
    os.umask(0o077)  # whatever a command writes, the database above all, is its owner's alone
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
    try:
        Utility(sys.argv).execute()
    except ImproperlyConfigured as error:
        end(f"Configuration error: {error}")
    except OperationalError as error:
        end(f"The database can't be used: {' '.join(str(error).split())}")


def end(problem: str) -> NoReturn:
    """End with one line; monitoring that asks `doctor` takes a status of 1 for a mere warning."""
    sys.stderr.write(f"{problem}\n")
    sys.exit(2 if sys.argv[1:2] == ["doctor"] else 1)


if __name__ == "__main__":
    main()
