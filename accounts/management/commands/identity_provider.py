from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand, read_secret_line
from accounts.models import IdentityProvider
from accounts.oidc.authorization import redirect_url
from accounts.oidc.discovery import Discovery, discover
from accounts.oidc.errors import ProviderError
from accounts.services.identity_providers import add_provider, change_provider, delete_provider
from accounts.services.provider_values import LABELS

# Options of `add` and `change` by the field that they set: texts, lists, and flags.
TEXTS = {
    "name": "its name on the sign-in page",
    "client_id": "the client ID of this installation at the provider",
    "scopes": "separated by spaces, including openid",
    "groups_claim": "the claim that lists a person's groups",
}
LISTS = {
    "allowed_domains": ("--domain", "DOMAIN", "an email domain whose people can be linked or created"),
    "administrator_groups": ("--administrator-group", "GROUP", "a group whose people become administrators"),
    "auditor_groups": ("--auditor-group", "GROUP", "a group whose people become auditors"),
    "second_factor_values": (
        "--second-factor-value",
        "VALUE",
        "a value of amr or acr that counts as a second factor",
    ),
}
FLAGS = {
    "is_enabled": ("--enabled", "whether people can sign in with it (default when adding: on)"),
    "provisions": ("--create-members", "whether a person's first sign-in creates a member"),
    "logout_ends_tokens": ("--logout-ends-tokens", "whether a back-channel logout also ends tokens"),
}


class Command(AutomationCommand):
    help = "List, add, change, and remove identity providers (OpenID Connect)."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["list", "add", "change", "remove"])
        parser.add_argument(
            "--issuer", default="", help="the provider's URL, exactly as its discovery document has it"
        )
        for field, text in TEXTS.items():
            parser.add_argument(f"--{field.replace('_', '-')}", dest=field, help=text)
        for field, (option, entry, text) in LISTS.items():
            parser.add_argument(
                option, dest=field, metavar=entry, action="append", help=f"{text}; repeatable"
            )
        for field, (option, text) in FLAGS.items():
            parser.add_argument(option, dest=field, choices=["on", "off"], help=text)
        parser.add_argument(
            "--client-secret-stdin",
            action="store_true",
            help="read the client secret from standard input (required when adding)",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            return getattr(self, options["act"])(options)  # type: ignore[no-any-return]
        except ProviderError as error:
            raise CommandError(error.explanation) from error

    def list(self, _: dict[str, Any]) -> dict[str, Any]:
        """Return the providers and their settings, by issuer."""
        return {provider.issuer: described(provider) for provider in IdentityProvider.objects.all()}

    def add(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add a provider whose discovery document can be read."""
        if not (options["issuer"] and options["client_secret_stdin"]):
            raise CommandError("Give --issuer and --client-secret-stdin, with the secret on standard input.")
        secret, discovery = read_secret_line("client secret"), discover(options["issuer"])
        provider = add_provider(discovery, values_in(options), client_secret=secret, actor=self.actor)
        return {"provider_id": provider.provider_id, "redirect_url": redirect_url()}

    def change(self, options: dict[str, Any]) -> dict[str, Any]:
        """Change a provider's values, and read its discovery document again."""
        provider = find_provider(options["issuer"])
        secret = read_secret_line("client secret") if options["client_secret_stdin"] else ""
        changes = change_provider(
            provider,
            values_in(options),
            client_secret=secret,
            discovery=self.discovered_again(provider),
            actor=self.actor,
        )
        return {"changed": changes.changed}

    def discovered_again(self, provider: IdentityProvider) -> Discovery | None:
        """Read a provider's discovery document; a provider that is down can still be changed."""
        try:
            return discover(provider.issuer)
        except ProviderError as error:
            text = "The discovery document couldn't be read, so the stored version is still used."
            self.stderr.write(f"{text} {error.explanation}")
            return None

    def remove(self, options: dict[str, Any]) -> dict[str, Any]:
        """Delete a provider and the accounts linked to it."""
        provider = find_provider(options["issuer"])
        delete_provider(provider, actor=self.actor)
        return {"removed": provider.issuer}


def values_in(options: dict[str, Any]) -> dict[str, Any]:
    """Return the values that options give, by field."""
    given = {field: options[field] for field in (*TEXTS, *LISTS) if options[field] is not None}
    return given | {field: options[field] == "on" for field in FLAGS if options[field] is not None}


def find_provider(issuer: str) -> IdentityProvider:
    """Return the provider with this issuer.

    Raises:
        CommandError: when there is none.
    """
    provider = IdentityProvider.objects.filter(issuer=issuer).first()
    if provider is None:
        raise CommandError(f"There is no identity provider with the issuer {issuer!r} (--issuer).")
    return provider


def described(provider: IdentityProvider) -> dict[str, Any]:
    """Return a provider's settings, without its secret."""
    values = {name: getattr(provider, name) for name in LABELS}
    return {
        "provider_id": provider.provider_id,
        **values,
        "discovered_at": provider.discovered_at.isoformat(),
    }
