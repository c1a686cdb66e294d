from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from accounts.management.base import AutomationCommand, find_user
from accounts.models import Organization, PasswordRule
from accounts.services.organization import change_organization
from accounts.services.second_factor_rule import set_second_factor_rule
from accounts.services.sign_in_rules import EMERGENCY_ACCOUNT, NOBODY, PASSWORD_RULE, change_sign_in_rules

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
        parser.add_argument(
            "--passwords", choices=PasswordRule.values, help="who may sign in with a password or passkey"
        )
        parser.add_argument(
            "--emergency-account",
            metavar="LOGIN",
            help="who may always sign in with a password; empty for nobody",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        given = {name: options[name] for name in FIELDS if options[name] is not None}
        if "customer_id" in given:
            given["customer_id"] = given["customer_id"].lower()
        with transaction.atomic():
            change_organization(given, actor=self.actor)
            if options["require_second_factor"]:
                set_second_factor_rule(required=options["require_second_factor"] == "on", actor=self.actor)
            change_sign_in_rules(rules_in(options), actor=self.actor)
        organization = Organization.current()
        described = {name: getattr(organization, name) for name in FIELDS}
        described["require_second_factor"] = "on" if organization.requires_second_factor else "off"
        return described | described_rules(organization)


def described_rules(organization: Organization) -> dict[str, str]:
    """Return the sign-in rules; nothing if they are the defaults."""
    account = organization.emergency_account
    if account is None and organization.password_rule == PasswordRule.EVERYBODY:
        return {}
    return {"passwords": organization.password_rule, "emergency_account": account.username if account else ""}


def rules_in(options: dict[str, Any]) -> dict[str, str]:
    """Return the sign-in rules that the options set."""
    rules = {}
    if options["passwords"] is not None:
        rules[PASSWORD_RULE] = options["passwords"]
    if options["emergency_account"] is not None:
        login = options["emergency_account"]
        rules[EMERGENCY_ACCOUNT] = find_user(login).user_id if login else NOBODY
    return rules
