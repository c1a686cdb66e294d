"""The URLs of this installation to register with identity providers, always under BASE_URL."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from accounts.models import IdentityProvider
from accounts.oidc import authorization


@dataclass(frozen=True, kw_only=True)
class RegisteredURL:
    """A URL to register with a provider.

    Attributes:
        key: the ID of its field on the page.
        label: what the page calls it.
        value: the URL.
        help: what it is for.
    """

    key: str
    label: str
    value: str
    help: str


def redirect_url() -> RegisteredURL:
    """Return the URL that providers send browsers to after a sign-in: one for all of them."""
    return RegisteredURL(
        key="redirect-url",
        label="Redirect URL",
        value=authorization.redirect_url(),
        help="Register it with the provider. Entra ID: Redirect URI (Web). Okta: Sign-in redirect URI.",
    )


def emergency_url() -> RegisteredURL:
    """Return the sign-in page that always shows the form for a password."""
    return RegisteredURL(
        key="emergency-url",
        label="Sign-in page of the emergency account",
        value=f"{settings.BASE_URL}{reverse(settings.LOGIN_URL)}?local=1",
        help="Keep it with the account's password and second factor.",
    )


def urls_to_register(provider: IdentityProvider) -> list[RegisteredURL]:
    """Return the URLs to register with a provider, for signing in and out."""
    after = RegisteredURL(
        key="signed-out-url",
        label="Post-logout redirect URL",
        value=f"{settings.BASE_URL}{reverse('signed-out')}",
        help="Optional. Where people return after signing out at the provider. Okta: Sign-out redirect URI.",
    )
    back_channel = RegisteredURL(
        key="logout-url",
        label="Back-channel logout URL",
        value=f"{settings.BASE_URL}{reverse('provider-logout', args=[provider.provider_id])}",
        help="Optional. Signing out at the provider then ends sessions here, too.",
    )
    return [redirect_url(), after, back_channel]
