"""Signing out here, and from there at the identity provider too (OpenID Connect RP-Initiated Logout 1.0)."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.internal import flows
from allauth.account.views import LogoutView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from accounts.models import IdentityProvider
from accounts.oidc.discovery import Discovery
from accounts.sessions.provider_sessions import provider_of
from accounts.views.ways_in import ways_in


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):
    """Asks, then ends the session here. People who came from a provider can sign out there next."""

    @cached_property
    def page(self) -> str:
        """The signed-out page, if a provider is involved; empty for the usual page."""
        if provider := provider_of(self.request):
            return f"{reverse('signed-out')}?{urlencode({'provider': provider.provider_id})}"
        return reverse("signed-out") if ways_in().only_provider else ""

    def get_redirect_url(self) -> str:
        """Return where to continue."""
        return str(self.get_next_url() or self.page or super().get_redirect_url())

    def logout(self) -> None:
        """End the session, with a message unless the next page says so anyway."""
        flows.logout.logout(self.request, show_message=not self.page)


@login_not_required
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Confirm the sign-out here, and link to the provider's."""
    if request.user.is_authenticated:
        return redirect("home")
    asked = request.GET.get("provider", "")
    is_offered = any(each.provider_id == asked for each in ways_in().providers)
    provider = IdentityProvider.objects.filter(provider_id=asked).first() if is_offered else None
    context: dict[str, Any] = {"provider": provider, "sign_out_url": sign_out_url(provider)}
    return render(request, "account/signed_out.html", context)


def sign_out_url(provider: IdentityProvider | None) -> str:
    """Return the URL for signing out at a provider; empty if it has none.

    ID tokens aren't kept, so there is no `id_token_hint`, and the provider may ask (section 2).
    """
    endpoint = Discovery(document=provider.discovery).end_session_endpoint if provider else ""
    if not endpoint or provider is None:
        return ""
    back = f"{settings.BASE_URL}{reverse('signed-out')}"
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"


sign_out = SignOutView.as_view()
