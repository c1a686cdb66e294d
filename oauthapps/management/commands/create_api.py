from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from common.errors import GatehouseError
from oauthapps.rules.apis.token_lifetimes import parse_lifetime
from oauthapps.services.apis import create_api, find_verifier
from oauthapps.services.scopes import NewScope


class Command(AutomationCommand):
    help = "Create an API with its scopes."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--identifier", required=True, metavar="URI")
        parser.add_argument("--name", required=True)
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            metavar="NAME=SENTENCE",
            help="a scope, and the sentence people read on the consent page",
        )
        parser.add_argument(
            "--default-scope",
            action="append",
            default=[],
            metavar="NAME",
            help="a scope that is included when a request names none (default: all of them)",
        )
        parser.add_argument(
            "--verifier",
            action="append",
            default=[],
            metavar="CLIENT_ID",
            help="a Machine to Machine application that can introspect its tokens",
        )
        parser.add_argument("--token-lifetime", default="1h", metavar="TIME", help="5m to 24h (default: 1h)")

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            api = create_api(
                name=options["name"],
                identifier=options["identifier"],
                actor=self.actor,
                new_scopes=new_scopes(options["scope"], options["default_scope"]),
                verifiers=[find_verifier(client_id) for client_id in options["verifier"]],
                fields={
                    "description": options["description"],
                    "token_seconds": parse_lifetime(options["token_lifetime"]),
                },
            )
        except GatehouseError as error:
            raise CommandError(error.message) from error
        return {
            "id": api.pk,
            "identifier": api.identifier,
            "scopes": list(api.scopes.values_list("name", flat=True)),
        }


def new_scopes(given: list[str], defaults: list[str]) -> list[NewScope]:
    """Return the scopes that were given as options.

    Raises:
        CommandError: for one without a sentence, or a default that is none of them.
    """
    pairs = [text.partition("=") for text in given]
    if any(not sentence.strip() for _, _, sentence in pairs):
        raise CommandError('--scope needs a name and a sentence: --scope "invoices:read=Read your invoices".')
    names = [name for name, _, _ in pairs]
    for name in defaults:
        if name not in names:
            raise CommandError(f"--default-scope {name} is not one of the scopes given with --scope.")
    return [
        NewScope(name=name, sentence=sentence, is_default=not defaults or name in defaults)
        for name, _, sentence in pairs
    ]
