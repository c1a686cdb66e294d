"""The identity provider configured by environment variables, for automated installations."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from accounts.models import IdentityProvider
from accounts.oidc.client_secrets import unseal
from accounts.oidc.discovery import discover
from accounts.oidc.errors import ProviderError
from accounts.services.identity_providers import add_provider, change_provider
from audit.actors import Actor
from config import env


def prepare() -> str:
    """Add the provider that the environment names, or update its client ID and secret if it is here already.

    Everything else about it is set on its page, or with `manage.py identity_provider`, and stays the same.

    Returns:
        What was done, as a sentence; empty if there was nothing to do.

    Raises:
        ProviderError: when it has to be added and can't be read.
        ValidationError: when a variable is missing or has an invalid value.
    """
    issuer = env.text("IDENTITY_PROVIDER_ISSUER")
    if not issuer:
        return ""
    client_id, client_secret = (
        env.text("IDENTITY_PROVIDER_CLIENT_ID"),
        env.text("IDENTITY_PROVIDER_CLIENT_SECRET"),
    )
    if not (client_id and client_secret):
        raise ValidationError("Set IDENTITY_PROVIDER_CLIENT_ID and IDENTITY_PROVIDER_CLIENT_SECRET, too.")
    actor = Actor.command("serve")
    found = IdentityProvider.objects.filter(issuer=issuer).first()
    if found is not None:
        secret = "" if reads_as(found.sealed_secret, client_secret) else client_secret
        changes = change_provider(found, {"client_id": client_id}, client_secret=secret, actor=actor)
        return f"Identity provider {found.name}: new {', '.join(changes.changed)}" if changes.changed else ""
    values = {
        "name": env.text("IDENTITY_PROVIDER_NAME", urlsplit(issuer).hostname or issuer),
        "client_id": client_id,
        "allowed_domains": env.text("IDENTITY_PROVIDER_DOMAINS").split(),
    }
    provider = add_provider(discover(issuer), values, client_secret=client_secret, actor=actor)
    return f"Identity provider added: {provider.name}"


def reads_as(sealed: str, client_secret: str) -> bool:
    """Return whether a stored secret is the given one."""
    try:
        return unseal(sealed) == client_secret
    except ProviderError:
        return False
