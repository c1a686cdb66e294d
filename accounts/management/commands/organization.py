from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.management.base import AutomationCommand
from accounts.models import Organization
from accounts.services.organization import change_organization
from accounts.services.second_factor_rule import set_second_factor_rule

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
        parser.add_argument(
            "--require-second-factor",
            choices=["on", "off"],
            help="whether administrators and auditors need a second factor",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if "customer_id" in given:
            given["customer_id"] = given["customer_id"].lower()
        with transaction.atomic():
            change_organization(given, actor=self.actor)
            if options["require_second_factor"]:
                set_second_factor_rule(required=options["require_second_factor"] == "on", actor=self.actor)
        organization = Organization.current()
        described = {name: getattr(organization, name) for name in FIELDS}
        return described | {"require_second_factor": "on" if organization.requires_second_factor else "off"}
