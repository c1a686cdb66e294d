"""Signing in with an identity provider: sending the browser there, and handling the response."""

import logging
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapters.provider_logins import actor_for, begin_login
from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.authorization import code_of
from accounts.oidc.claims import ProviderClaims, claims_of
from accounts.oidc.failures import SignInRefusedError
from accounts.oidc.pending import CONFIRM, SIGN_IN, TEST, Pending, begin, take
from accounts.oidc.proved import Confirmation, ProvedIdentity
from accounts.oidc.tokens import WRONG_CODE, exchange
from accounts.pages import kept_forms
from accounts.pages.next_pages import redirect_to_page
from accounts.security import throttling
from accounts.services.group_roles import apply_group_role
from accounts.services.identities import Outcome, enter
from accounts.views.identity_confirmation import ask_for_password
from accounts.views.provider_confirmation import confirm
from accounts.views.sign_in_test import show_test

log = logging.getLogger("gatehouse.sign_in")
Handler = Callable[[HttpRequest, Pending, ProviderClaims], HttpResponse]

# Has the provider ask for a sign-in. It would otherwise let whoever is signed in there through again.
ANOTHER_ACCOUNT = "another_account"
# Refusals of the account at the provider, which another account there might not meet.
OF_THE_ACCOUNT = {
    "access_denied",
    "cannot_confirm",
    "domain_not_allowed",
    "invitation_over",
    "no_account",
    "no_email",
    "person_inactive",
    "unverified_email",
}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to a provider, and from there to where it was going; GET leads to the sign-in page."""
    provider = get_object_or_404(IdentityProvider, provider_id=provider_id, is_enabled=True)
    if request.method != "POST":
        return redirect_to_page(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
    if request.user.is_authenticated:
        next_url = kept_forms.store_submitted(request) or get_next_redirect_url(request)
        return redirect_to_page(next_url or reverse("home"))
    throttling.throttle_departure(request)
    next_url = kept_forms.store_submitted(request) or get_next_redirect_url(request) or ""
    prompt = "login" if ANOTHER_ACCOUNT in request.POST else ""
    return begin(request, provider, purpose=SIGN_IN, next_url=next_url, prompt=prompt)


@login_not_required
@require_safe
@sensitive_variables()
def callback(request: HttpRequest) -> HttpResponse:
    """Handle the response of any provider, and continue with what it was for."""
    states = request.GET.getlist("state")
    pending = take(request, states[0]) if len(states) == 1 else None
    if pending is None:
        return refuse(request, failures.unknown_state(), None)
    try:
        return finish(request, pending)
    except SignInRefusedError as error:
        if error.code == WRONG_CODE:
            throttling.count_wrong_code(request)
        return refuse(request, error, pending)


@sensitive_variables()
def finish(request: HttpRequest, pending: Pending) -> HttpResponse:
    """Exchange the code, check the tokens, and do what the sign-in was for.

    Raises:
        SignInRefusedError: when the response isn't valid, or the sign-in is refused.
        TooManyAttemptsError: after too many invalid codes from this network.
    """
    throttling.throttle_codes(request)
    code = code_of(dict(request.GET.lists()), pending.provider)
    tokens = exchange(pending.provider, code, pending.asked)
    claims = claims_of(pending.provider, tokens, pending.asked)
    return HANDLERS[pending.purpose](request, pending, claims)


@sensitive_variables()
def sign_in(request: HttpRequest, pending: Pending, claims: ProviderClaims) -> HttpResponse:
    """Sign the person in, or ask for what is missing.

    Raises:
        SignInRefusedError: when they have no account here that may sign in.
    """
    if request.user.is_authenticated:  # in another tab, meanwhile
        return redirect_to_page(pending.next_url or reverse("home"))
    actor = actor_for(request, pending.provider)
    decision = enter(claims, pending.provider, actor=actor)
    identity, person = ProvedIdentity.of(claims, pending.provider), decision.person
    if person is None:  # enter() creates whoever is missing
        raise failures.unknown_state()
    if decision.outcome == Outcome.CONFIRM:
        waiting = Confirmation(identity=identity, user_pk=person.pk, next_url=pending.next_url)
        return ask_for_password(request, waiting)
    apply_group_role(person, identity.group_role, pending.provider, actor=actor)
    return begin_login(request, person, identity, next_url=pending.next_url)


# What happens after a successful response, by the purpose of the sign-in.
HANDLERS: dict[str, Handler] = {CONFIRM: confirm, SIGN_IN: sign_in, TEST: show_test}


def refuse(request: HttpRequest, error: SignInRefusedError, pending: Pending | None) -> HttpResponse:
    """Tell the person in one sentence, and record the cause for the operator.

    The page's URL has a code in it, which must not leave as the Referer of styles and links.
    """
    provider = pending.provider if pending else None
    name = provider.name if provider else "an identity provider"
    log.warning("A sign-in with %s was refused (%s). %s", name, error.code, error.cause)
    note: Callable[[HttpRequest, SignInRefusedError, str], None] = import_string(settings.SIGN_IN_REFUSALS)
    note(request, error, name)
    next_url = pending.next_url if pending else ""
    again = urlencode({"next": next_url}) if next_url else ""
    offers_another = pending and pending.purpose == SIGN_IN and error.code in OF_THE_ACCOUNT
    request.leads_to_provider = bool(offers_another)  # type: ignore[attr-defined]
    context = {
        "refusal": error,
        "without_cookies": not request.COOKIES,
        "next_url": next_url,
        "offers_another_account_at": provider if offers_another else None,
        "sign_in_url": f"{reverse('account_login')}{again and '?'}{again}",
        "tested": provider if pending and pending.purpose == TEST else None,
    }
    response = render(request, "account/provider_refused.html", context, status=403)
    response["Referrer-Policy"] = "strict-origin"
    return response
