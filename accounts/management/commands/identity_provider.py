from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand, read_secret_line
from accounts.models import IdentityProvider
from accounts.oidc.authorization import redirect_url
from accounts.oidc.discovery import Discovery, discover
from accounts.oidc.errors import ProviderError
from accounts.services.identity_providers import add_provider, change_provider, delete_provider
from accounts.services.provider_values import LABELS

# Options of `add` and `change` by the field that they set: texts, lists, and what is on or off.
TEXTS = {
    "name": "what the sign-in page calls it",
    "client_id": "what the provider calls this installation",
    "scopes": "separated by spaces, openid among them",
    "groups_claim": "the claim that lists groups",
}
LISTS = {
    "allowed_domains": ("--domain", "an email domain whose people may be linked or created"),
    "administrator_groups": ("--administrator-group", "a group whose people are administrators"),
    "auditor_groups": ("--auditor-group", "a group whose people are auditors"),
    "second_factor_values": ("--second-factor-value", "an amr or acr that counts as a second factor"),
}
FLAGS = {
    "is_enabled": ("--offered", "whether it is offered at sign-in (add: on)"),
    "provisions": ("--create-members", "whether a first sign-in creates a member"),
    "logout_ends_tokens": ("--logout-ends-tokens", "whether a sign-out there ends tokens too"),
}


class Command(AutomationCommand):
    help = "List, add, change and remove identity providers (OpenID Connect)."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["list", "add", "change", "remove"])
        parser.add_argument("--issuer", default="", help="its URL, exactly as its discovery document has it")
        for field, text in TEXTS.items():
            parser.add_argument(f"--{field.replace('_', '-')}", dest=field, help=text)
        for field, (option, text) in LISTS.items():
            parser.add_argument(option, dest=field, action="append", help=f"{text}; can be repeated")
        for field, (option, text) in FLAGS.items():
            parser.add_argument(option, dest=field, choices=["on", "off"], help=text)
        parser.add_argument(
            "--client-secret-stdin",
            action="store_true",
            help="read the client secret from standard input (add: required)",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            return getattr(self, options["act"])(options)  # type: ignore[no-any-return]
        except ProviderError as error:
            raise CommandError(error.explanation) from error

    def list(self, _: dict[str, Any]) -> dict[str, Any]:
        """Return the providers by issuer, each with what there is to know of it."""
        return {provider.issuer: described(provider) for provider in IdentityProvider.objects.all()}

    def add(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add a provider whose discovery document can be read."""
        if not (options["issuer"] and options["client_secret_stdin"]):
            raise CommandError("Add --issuer, --client-secret-stdin, and the secret on standard input.")
        secret, discovery = read_secret_line("client secret"), discover(options["issuer"])
        provider = add_provider(discovery, values_in(options), client_secret=secret, actor=self.actor)
        return {"provider_id": provider.provider_id, "redirect_url": redirect_url()}

    def change(self, options: dict[str, Any]) -> dict[str, Any]:
        """Give a provider the values that were given, and read its discovery document again."""
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
        """Read a provider's discovery document; one that is down can be changed all the same."""
        try:
            return discover(provider.issuer)
        except ProviderError as error:
            self.stderr.write(f"What its discovery document said before still counts. {error.explanation}")
            return None

    def remove(self, options: dict[str, Any]) -> dict[str, Any]:
        """Delete a provider, and whose identities there belong to whom."""
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
    """Return what there is to know of a provider; never its secret."""
    values = {name: getattr(provider, name) for name in LABELS}
    return {
        "provider_id": provider.provider_id,
        **values,
        "discovered_at": provider.discovered_at.isoformat(),
    }
