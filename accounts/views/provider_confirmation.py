"""Confirming a session at the identity provider, which then asks for a fresh sign-in."""

import logging
from typing import Any

from allauth.account.views import BaseReauthenticateView
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.access import signed_in_user
from accounts.adapters.account import provider_that_confirms
from accounts.adapters.provider_logins import record_identity
from accounts.models import IdentityProvider
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.failures import SignInRefusedError
from accounts.oidc.pending import CONFIRM, Pending, begin
from accounts.oidc.proved import ProvedIdentity
from accounts.pages.next_pages import redirect_to_page
from accounts.services.second_factors import second_factors_of
from accounts.sessions.current import renew_session

log = logging.getLogger("gatehouse.sign_in")


class ProviderAgainView(BaseReauthenticateView):
    """Sends people to the provider with `prompt=login` and `max_age=0`; the `auth_time` must be recent."""

    form_class = forms.Form
    template_name = "account/reauthenticate_at_provider.html"

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ARG002  # it has no fields
        """Go to the provider."""
        provider = provider_that_confirms(self.request, signed_in_user(self.request))
        if provider is None:  # since this was a way to confirm
            return redirect_to_page(self.request.get_full_path())
        next_url = self.get_next_url() or ""
        return begin(self.request, provider, purpose=CONFIRM, next_url=next_url, prompt="login", max_age=0)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        self.request.leads_to_provider = True
        provider = provider_that_confirms(self.request, signed_in_user(self.request))
        context: dict[str, Any] = super().get_context_data(provider=provider, **kwargs)
        return context


def confirm(request: HttpRequest, pending: Pending, claims: ProviderClaims) -> HttpResponse:
    """Record that whoever is signed in has just signed in with the provider again, and continue.

    The session gets another key (ASVS 7.2.4).

    Raises:
        SignInRefusedError: when it was somebody else, nobody is signed in here anymore, or the person has a
            second factor here and the provider didn't check one.
    """
    identities = SocialAccount.objects.filter(provider=pending.provider.issuer, uid=claims.subject)
    person = request.user
    is_same = person.is_authenticated and person.pk == pending.user_pk
    if not is_same or not identities.filter(user=person.pk).exists():
        raise somebody_else(pending.provider)
    identity = ProvedIdentity.of(claims, pending.provider)
    if not identity.has_second_factor and second_factors_of(signed_in_user(request)).are_on:
        raise no_second_factor(pending.provider)
    record_identity(request, signed_in_user(request), identity)
    renew_session(request)
    log.info("%s confirmed who they are: %s.", person.get_username(), pending.provider.name)
    return redirect_to_page(pending.next_url or reverse("home"))


def somebody_else(provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal of a confirmation by somebody other than whoever is signed in."""
    return SignInRefusedError(
        "other_identity",
        f"You signed in with a different {provider.name} account. Sign in again with the one linked here.",
        "A person was asked to confirm that it's them. The account they used at the provider isn't linked to "
        "them, or they signed out here in the meantime.",
        "Have them sign out at the provider, then try again with the account that is linked to them.",
    )


def no_second_factor(provider: IdentityProvider) -> SignInRefusedError:
    """Return the refusal of a confirmation without the second factor that the person has to show."""
    return SignInRefusedError(
        "no_second_factor",
        f"{provider.name} didn't ask for a second factor. Confirm with the one you set up here instead.",
        "A person with a second factor here was asked to confirm that it's them, and neither amr nor acr "
        "says that the provider checked one this time.",
        "Have the provider ask for a second factor when prompt=login is sent, or have them use theirs here.",
    )


provider_again = ProviderAgainView.as_view()
