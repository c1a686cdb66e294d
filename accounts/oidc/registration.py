"""The URLs of this installation that are registered at identity providers, always under BASE_URL."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from accounts.models import IdentityProvider
from accounts.oidc import authorization


@dataclass(frozen=True, kw_only=True)
class RegisteredURL:
    """A URL to register at a provider.

    Attributes:
        key: what the page calls its field.
        label: its name, in the words of Entra ID and Okta.
        value: the URL.
        help: what it is for.
    """

    key: str
    label: str
    value: str
    help: str


def redirect_url() -> RegisteredURL:
    """Return where providers send browsers after a sign-in: one URL for all of them."""
    return RegisteredURL(
        key="redirect-url",
        label="Redirect URL",
        value=authorization.redirect_url(),
        help="Register it at the provider. Entra ID: Redirect URI (Web). Okta: Sign-in redirect URI.",
    )


def emergency_url() -> RegisteredURL:
    """Return where the emergency account signs in, whatever the sign-in page offers to others."""
    return RegisteredURL(
        key="emergency-url",
        label="Sign-in page of the emergency account",
        value=f"{settings.BASE_URL}{reverse(settings.LOGIN_URL)}?local=1",
        help="Keep it with the account's password and second factor.",
    )


def urls_to_register(provider: IdentityProvider) -> list[RegisteredURL]:
    """Return what can be registered at a provider, for signing in and out."""
    after = RegisteredURL(
        key="signed-out-url",
        label="Post-logout redirect URL",
        value=f"{settings.BASE_URL}{reverse('signed-out')}",
        help="Optional: where the provider leads back to after a sign-out. Okta: Sign-out redirect URI.",
    )
    back_channel = RegisteredURL(
        key="logout-url",
        label="Back-channel logout URL",
        value=f"{settings.BASE_URL}{reverse('provider-logout', args=[provider.provider_id])}",
        help="Optional: a sign-out at the provider then ends sessions here.",
    )
    return [redirect_url(), after, back_channel]
