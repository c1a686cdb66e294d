from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.management.base import AutomationCommand, find_user, read_secret_line
from accounts.models import Organization, User
from common.errors import GatehouseError
from oauthapps.models import Application, ResponseProfile
from oauthapps.rules.app_types import AppType, TypeSpec, spec_of
from oauthapps.rules.expiry import LONGEST_DAYS
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.rules.urls.redirect_urls import check_redirect_url
from oauthapps.services.applications import CreatedApplication, create_application
from oauthapps.services.credentials import add_key
from oauthapps.services.scopes import checked_scope

# The fields that options are for which not every type has.
FIELDS = {
    "redirect_url": "redirect_urls",
    "rotation": "rotate_refresh_tokens",
    "absolute": "absolute_expiration",
    "inactivity": "inactivity_expiration",
    "public_key": "keys",
    "client_secret_stdin": "secrets",
    "secret_days": "secrets",
    "may_verify_tokens": "may_verify_tokens",
}


class Command(AutomationCommand):
    help = "Create an application. Its client secret is printed here and nowhere else."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--type", required=True, choices=AppType.values)
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", help="username, email address, or User ID of the person responsible")
        parser.add_argument("--redirect-url", action="append", default=[], metavar="URL")
        parser.add_argument("--public-key", action="append", default=[], metavar="FILE", type=Path)
        parser.add_argument("--response-profile", choices=ResponseProfile.values)
        parser.add_argument("--rotation", choices=["on", "off"])
        parser.add_argument("--absolute", choices=Lifetime.values, help="absolute refresh token expiration")
        parser.add_argument(
            "--inactivity", choices=Lifetime.values, help="inactivity refresh token expiration"
        )
        parser.add_argument("--client-id", default="", metavar="ID", help="an existing Client ID to keep")
        parser.add_argument(
            "--client-secret-stdin", action="store_true", help="read an existing client secret to keep"
        )
        parser.add_argument(
            "--secret-days",
            type=int,
            metavar="DAYS",
            help="how long its client secret works (default: for as long as the organization allows)",
        )
        parser.add_argument("--may-verify-tokens", action="store_true")
        parser.add_argument(
            "--allow-scope",
            action="append",
            default=[],
            metavar="NAME",
            help="a scope that it can ask for (default: those of the built-in API)",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        spec = spec_of(options["type"])
        check_options(spec, options)
        owner = find_user(options["owner"]) if options["owner"] else None
        secret = read_secret_line("client secret") if options["client_secret_stdin"] else ""
        try:
            with transaction.atomic():
                created = create_application(
                    app_type=AppType(options["type"]),
                    name=options["name"],
                    actor=self.actor,
                    owner=owner,
                    client_id=options["client_id"].lower(),
                    client_secret=secret,
                    secret_last_day=last_day_in(options["secret_days"]),
                    redirect_urls=checked_redirect_urls(options),
                    settings=settings_from(options),
                )
                key_ids = [self.add_key(created, file, owner) for file in options["public_key"]]
        except GatehouseError as error:
            raise CommandError(error.message) from error
        if spec.has_redirect_urls and not options["redirect_url"]:
            self.stderr.write("Setup incomplete: add a Redirect URL in the console before people sign in.")
        return describe(created, key_ids)

    def add_key(self, created: CreatedApplication, file: Path, owner: User | None) -> str:
        """Add the public key in a file and return its key ID; without an owner it acts as the application."""
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        return add_key(created.application, data, user=owner, actor=self.actor).thumbprint


def check_options(spec: TypeSpec, options: dict[str, Any]) -> None:
    """Refuse options that do not apply to the type.

    Raises:
        CommandError: with the sentence that says which.
    """
    for option, field in FIELDS.items():
        if options[option] and not spec.has_field(field):
            raise CommandError(f"A {spec.label} has no --{option.replace('_', '-')}.")


def last_day_in(days: int | None) -> date | None:
    """Return the last day, in UTC, of a client secret that works for so many days.

    Raises:
        CommandError: when that is no day that there could be.
    """
    if days is None:
        return None
    if not 0 < days <= LONGEST_DAYS:
        raise CommandError(f"--secret-days can be 1 to {LONGEST_DAYS}.")
    return timezone.now().date() + timedelta(days=days)


def checked_redirect_urls(options: dict[str, Any]) -> list[str]:
    """Return the redirect URLs as they are to be stored, each once.

    Raises:
        InvalidRedirectURLError: when one may not be registered.
    """
    urls = (check_redirect_url(url, app_type=options["type"]) for url in options["redirect_url"])
    return list(dict.fromkeys(urls))


def settings_from(options: dict[str, Any]) -> dict[str, Any]:
    """Return the application's fields that were given as options.

    An application that brings its Client ID along has integrations that expect the responses they know.
    """
    given = {
        "response_profile": options["response_profile"]
        or (options["client_id"] and ResponseProfile.WORKFRONT),
        "rotate_refresh_tokens": {"on": True, "off": False}.get(options["rotation"]),
        "absolute_expiration": options["absolute"],
        "inactivity_expiration": options["inactivity"],
        "may_verify_tokens": options["may_verify_tokens"] or None,
        "allowed_scope": checked_scope(options["allow_scope"]),
    }
    return {name: value for name, value in given.items() if value not in (None, "")}


def describe(created: CreatedApplication, key_ids: list[str]) -> dict[str, Any]:
    """Return what the command prints."""
    application: Application = created.application
    return {
        "id": application.pk,
        "client_id": application.client_id,
        "client_secret": created.client_secret,
        "customer_id": Organization.current().customer_id,
        "user_id": application.user.user_id if application.user else "",
        **({"service_id": application.service_id} if application.service_id else {}),
        "key_ids": key_ids,
    }
