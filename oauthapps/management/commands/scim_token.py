from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from accounts.models import ScimToken
from oauthapps.http.issuer import scim_url
from oauthapps.services.scim_tokens import add_scim_token, delete_scim_token, described


class Command(AutomationCommand):
    help = "Create, list, or delete the SCIM tokens with which a directory provisions people."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["add", "list", "remove"])
        parser.add_argument("--name", help="add: what the token is for, as shown in Activity")
        parser.add_argument("--id", type=int, help="remove: the id of the token, as list shows it")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["action"] == "add":
            return self.add(options["name"])
        if options["action"] == "remove":
            return self.remove(options["id"])
        return {str(row.pk): line_of(row) for row in ScimToken.objects.all()}

    def add(self, name: str | None) -> dict[str, Any]:
        """Create a token and return it in plaintext, for the only time.

        Raises:
            CommandError: when it has no name.
        """
        if not name:
            raise CommandError("Say what the token is for with --name.")
        new = add_scim_token(name, actor=self.actor)
        return {"id": new.row.pk, "name": new.row.name, "token": new.value, "url": scim_url()}

    def remove(self, pk: int | None) -> dict[str, Any]:
        """Delete a token.

        Raises:
            CommandError: when there is none with this id.
        """
        row = ScimToken.objects.filter(pk=pk or 0).first()
        if row is None:
            raise CommandError("Give the --id of an existing token, as shown by list.")
        delete_scim_token(row, actor=self.actor)
        return {"deleted": described(row)}


def line_of(row: ScimToken) -> str:
    """Return a token as one line."""
    used = f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "never"
    return f"{described(row)}, created {row.created_at:%Y-%m-%d}, last used {used}"
