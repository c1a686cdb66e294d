"""The ways to sign in: identity providers, a password, or straight to the only provider."""

from dataclasses import dataclass

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import IdentityProvider, PasswordRule
from accounts.oidc.pending import SIGN_IN, begin
from accounts.security.throttling import throttle_departure
from accounts.services.identity_providers import OfferedProvider, offered

# Parameters of the sign-in page: `stay` so that it doesn't lead to a provider by itself, `local` for the
# password form when only the emergency account may use one.
STAY, LOCAL = "stay", "local"


@dataclass(frozen=True, kw_only=True)
class WaysIn:
    """How people can sign in.

    Attributes:
        providers: the enabled providers.
        takes_passwords: whether anybody besides the emergency account may use a password or passkey.
    """

    providers: tuple[OfferedProvider, ...]
    takes_passwords: bool

    @property
    def only_provider(self) -> OfferedProvider | None:
        """The provider, if it is the only way to sign in; None otherwise."""
        return self.providers[0] if len(self.providers) == 1 and not self.takes_passwords else None


def ways_in() -> WaysIn:
    """Return how people can sign in now."""
    offer = offered()
    takes_passwords = not offer.providers or offer.password_rule != PasswordRule.EMERGENCY
    return WaysIn(providers=offer.providers, takes_passwords=takes_passwords)


def shows_password(request: HttpRequest, ways: WaysIn) -> bool:
    """Return whether the sign-in page shows the password form, which it also does on request or when sent."""
    is_sent = request.method == "POST" and request.path == reverse("account_login")
    return ways.takes_passwords or is_sent or LOCAL in request.GET


def go_to_only_provider(request: HttpRequest) -> HttpResponse | None:
    """Return the redirect to the provider, if it is the only way to sign in; None otherwise.

    The URL to return to, such as an authorization request, is kept in the session, so that it can be of any
    length.

    Raises:
        TooManyAttemptsError: when there are too many from a network where nobody has signed in.
    """
    only = ways_in().only_provider
    if only is None or STAY in request.GET or LOCAL in request.GET:
        return None
    provider = IdentityProvider.objects.filter(provider_id=only.provider_id, is_enabled=True).first()
    if provider is None:  # since the offer was read
        return None
    throttle_departure(request)
    return begin(request, provider, purpose=SIGN_IN, next_url=get_next_redirect_url(request) or "")


def password_page(request: HttpRequest) -> str:
    """Return the URL of the sign-in page with the password form, which then leads to the same place."""
    query = "" if ways_in().takes_passwords else f"?{LOCAL}=1"
    url: str = passthrough_next_redirect_url(request, f"{reverse('account_login')}{query}", "next")
    return url
