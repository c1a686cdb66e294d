from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AutomationCommand
from accounts.models import Organization
from accounts.services.organization import change_organization

FIELDS = ("customer_id", "name", "domain", "lane")


class Command(AutomationCommand):
    help = "Show the organization. With options, change it first."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--customer-id", metavar="HEX", help="the iss of assertions: 32 hexadecimal digits"
        )
        parser.add_argument("--name", help="its name on pages and in invitations")
        parser.add_argument("--domain", help="its short name in authorization responses")
        parser.add_argument("--lane", help="its environment, such as my or preview")

    def run(self, **options: Any) -> dict[str, Any]:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if "customer_id" in given:
            given["customer_id"] = given["customer_id"].lower()
        change_organization(given, actor=self.actor)
        organization = Organization.current()
        return {name: getattr(organization, name) for name in FIELDS}
