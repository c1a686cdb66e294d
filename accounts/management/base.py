"""What our commands have in common: one clear line on bad input, and JSON for scripts."""

import json
import sys
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.schema import ensure_tables, keep_secret_key
from accounts.models import User
from audit.actors import Actor


class AutomationCommand(BaseCommand):
    """A command for people and scripts.

    Subclasses implement `add_options` and `run`, which returns what to print.
    """

    requires_system_checks: list[str] = []  # the server runs them; automation should be quick

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return a parser whose complaints are one line."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.error = self.refuse_options  # type: ignore[method-assign]
        return parser

    def refuse_options(self, message: str) -> NoReturn:
        """End with status 2 and the one line that says which option is wrong."""
        self.stderr.write(f"{message} (see --help)")
        sys.exit(2)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subclass's options and the ones every command has."""
        self.add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")

    def add_options(self, parser: CommandParser) -> None:
        """Add this command's own options."""

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run the command and print its result.

        Raises:
            CommandError: with one line that says what is wrong.
        """
        ensure_tables()
        keep_secret_key()
        try:
            result = self.run(**options)
        except ValidationError as error:
            raise CommandError(one_line(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            for name, value in result.items():
                self.stdout.write(f"{name}: {', '.join(value) if isinstance(value, list) else value}")

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the work and return what to print, by name."""
        raise NotImplementedError

    @property
    def actor(self) -> Actor:
        """Who acts, for events."""
        return Actor.command(type(self).__module__.rpartition(".")[2])


def one_line(error: ValidationError) -> str:
    """Return a validation error's messages as one line, each with its field."""
    if hasattr(error, "message_dict"):
        return " ".join(
            f"{'' if field == '__all__' else field + ': '}{message}"
            for field, messages in error.message_dict.items()
            for message in messages
        )
    return " ".join(error.messages)


def read_secret_line(what: str) -> str:
    """Return the first line of standard input.

    Raises:
        CommandError: when there is none.
    """
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandError(f"Send the {what} to standard input, as one line.")
    if not line.isprintable():
        raise CommandError(f"The {what} on standard input must be printable UTF-8 text.")
    return line


def find_user(login: str) -> User:
    """Return the person with this username, email address or User ID.

    Raises:
        CommandError: when nobody has it.
    """
    user = User.objects.called(login)
    if user is not None:
        return user
    raise CommandError(f"Nobody has the username, email address, or User ID {login!r}.")
