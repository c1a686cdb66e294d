from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AutomationCommand, find_user, read_secret_line
from oauthapps.services.activation import reset_person


class Command(AutomationCommand):
    help = (
        "Let a person back in: set a new password from standard input, activate the account, and remove the "
        "second factors. Use it when the last administrator is locked out."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("login", help="username, email address, or User ID")

    def run(self, **options: Any) -> dict[str, Any]:
        user = find_user(options["login"])
        reset_person(user, password=read_secret_line("new password"), actor=self.actor)
        return {"user_id": user.user_id, "username": user.username}
