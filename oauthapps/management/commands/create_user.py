from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand, read_secret_line
from accounts.models import Role
from oauthapps.services.people import create_person


class Command(AutomationCommand):
    help = "Create a person. The password is read from standard input, as one line."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--name", default="", help="display name (default: the username)")
        parser.add_argument("--user-id", default="", metavar="HEX", help="an existing User ID to keep")
        parser.add_argument(
            "--password-stdin", action="store_true", help="required: read the password from standard input"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        if not options["password_stdin"]:
            raise CommandError("Add --password-stdin and send the password to standard input.")
        user = create_person(
            username=options["username"],
            email=options["email"],
            role=Role(options["role"]),
            name=options["name"],
            user_id=options["user_id"].lower(),
            password=read_secret_line("password"),
            actor=self.actor,
        )
        return {"user_id": user.user_id}
