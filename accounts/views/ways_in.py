"""What the sign-in page offers: identity providers, a password, or nothing but the one way there is."""

from dataclasses import dataclass

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import IdentityProvider, PasswordRule
from accounts.oidc.pending import SIGN_IN, begin
from accounts.security.throttling import throttle_departure
from accounts.services.identity_providers import OfferedProvider, offered

# Parameters of the sign-in page: `stay` where it must not lead to a provider by itself, `local` to have the
# password where it is the emergency account's alone.
STAY, LOCAL = "stay", "local"


@dataclass(frozen=True, kw_only=True)
class WaysIn:
    """How somebody can sign in.

    Attributes:
        providers: those at which one can.
        takes_passwords: whether others than the emergency account can with a password or passkey.
    """

    providers: tuple[OfferedProvider, ...]
    takes_passwords: bool

    @property
    def only_provider(self) -> OfferedProvider | None:
        """The provider, where there is one and no other way; None elsewhere."""
        return self.providers[0] if len(self.providers) == 1 and not self.takes_passwords else None


def ways_in() -> WaysIn:
    """Return how people can sign in now."""
    offer = offered()
    takes_passwords = not offer.providers or offer.password_rule != PasswordRule.EMERGENCY
    return WaysIn(providers=offer.providers, takes_passwords=takes_passwords)


def shows_password(request: HttpRequest, ways: WaysIn) -> bool:
    """Return whether the sign-in page has the form for a password: also if it was asked for, or just sent."""
    is_sent = request.method == "POST" and request.path == reverse("account_login")
    return ways.takes_passwords or is_sent or LOCAL in request.GET


def go_to_only_provider(request: HttpRequest) -> HttpResponse | None:
    """Return the redirect to the provider, where signing in there is the only way; None elsewhere.

    The page that was asked for, such as an authorization request, waits in the session: it may be of any
    length.

    Raises:
        TooManyAttemptsError: when strangers ask for it too often.
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
    """Return the URL of the sign-in page with the form for a password, on the way to the same place."""
    query = "" if ways_in().takes_passwords else f"?{LOCAL}=1"
    url: str = passthrough_next_redirect_url(request, f"{reverse('account_login')}{query}", "next")
    return url
