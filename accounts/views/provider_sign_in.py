"""Signing in at an identity provider: on the way there, and what its answer leads to."""

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


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to a provider, and from there to where the person was going; GET leads to the sign-in page."""
    provider = get_object_or_404(IdentityProvider, provider_id=provider_id, is_enabled=True)
    if request.method != "POST":
        return redirect_to_page(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
    if request.user.is_authenticated:
        next_url = kept_forms.store_submitted(request) or get_next_redirect_url(request)
        return redirect_to_page(next_url or reverse("home"))
    throttling.throttle_departure(request)
    next_url = kept_forms.store_submitted(request) or get_next_redirect_url(request) or ""
    return begin(request, provider, purpose=SIGN_IN, next_url=next_url)


@login_not_required
@require_safe
@sensitive_variables()
def callback(request: HttpRequest) -> HttpResponse:
    """Take a provider's answer, whichever provider it is of, and go on with what was begun."""
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
    """Check what a provider answered, by asking it, and do what the sign-in was for.

    Raises:
        SignInRefusedError: when the answer is not to be believed, or leads to nothing.
        TooManyAttemptsError: after too many codes of no provider's from this network.
    """
    throttling.throttle_codes(request)
    code = code_of(dict(request.GET.lists()), pending.provider)
    tokens = exchange(pending.provider, code, pending.asked)
    claims = claims_of(pending.provider, tokens, pending.asked)
    return HANDLERS[pending.purpose](request, pending, claims)


@sensitive_variables()
def sign_in(request: HttpRequest, pending: Pending, claims: ProviderClaims) -> HttpResponse:
    """Sign in whoever it is, or ask for what is missing.

    Raises:
        SignInRefusedError: when it is nobody here.
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


# What is done with an identity that was proven, by what the sign-in was begun for.
HANDLERS: dict[str, Handler] = {CONFIRM: confirm, SIGN_IN: sign_in, TEST: show_test}


def refuse(request: HttpRequest, error: SignInRefusedError, pending: Pending | None) -> HttpResponse:
    """Say in a sentence that there is no sign-in, and have the cause recorded for the operator.

    The page's URL has a code in it, which styles and links must not repeat as their Referer.
    """
    provider = pending.provider if pending else None
    name = provider.name if provider else "an identity provider"
    log.warning("A sign-in with %s was refused (%s). %s", name, error.code, error.cause)
    note: Callable[[HttpRequest, SignInRefusedError, str], None] = import_string(settings.SIGN_IN_REFUSALS)
    note(request, error, name)
    again = urlencode({"next": pending.next_url}) if pending and pending.next_url else ""
    context = {
        "refusal": error,
        "sign_in_url": f"{reverse('account_login')}{again and '?'}{again}",
        "tested": provider if pending and pending.purpose == TEST else None,
    }
    response = render(request, "account/provider_refused.html", context, status=403)
    response["Referrer-Policy"] = "strict-origin"
    return response
