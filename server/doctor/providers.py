"""Checks of identity providers: whether people can sign in with them, and without them in an emergency."""

from collections.abc import Iterator

from accounts.models import IdentityProvider, Organization
from accounts.oidc.client_secrets import unseal
from accounts.oidc.discovery import discover
from accounts.oidc.errors import ProviderError
from accounts.services.emergency_account import emergency_candidates, missing_of
from server.doctor.findings import Finding, error, ok, warning


def check_identity_providers() -> Iterator[Finding]:
    """Can people sign in with every enabled provider, and in an emergency without one?"""
    providers = list(IdentityProvider.objects.filter(is_enabled=True))
    if not providers:
        yield ok("No identity provider is enabled: people sign in with a password or passkey.")
    for provider in providers:
        yield from check_provider(provider)
    yield from check_emergency_account()


def check_provider(provider: IdentityProvider) -> Iterator[Finding]:
    """Can people sign in with a provider?"""
    try:
        unseal(provider.sealed_secret)
        found = discover(provider.issuer)
    except ProviderError as failure:
        yield error(f"{provider.issuer} can't be used. {failure.cause}", failure.fix)
        return
    if dict(found.document) != provider.discovery:
        yield warning(
            f"The discovery document of {provider.issuer} has changed since it was last read.",
            "Open the provider under System › Sign-in, save it, and use Test sign-in.",
        )
    else:
        yield ok(f"{provider.issuer} answers, and its client secret can be read.")


def check_emergency_account() -> Iterator[Finding]:
    """Can the emergency account, if there is one, sign in when no provider can be reached?"""
    organization = Organization.current()
    if organization.emergency_account_id is None:
        return
    account = emergency_candidates().get(pk=organization.emergency_account_id)
    missing = missing_of(account)
    if missing:
        yield error(
            f"The emergency account {account.username} can't sign in: {', '.join(missing)}.",
            "Fix that, or choose another one under System › Sign-in.",
        )
    else:
        yield ok(f"The emergency account {account.username} has a password and a second factor.")
