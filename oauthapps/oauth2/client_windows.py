"""Which requests belong to a client's authorization request, and so to a window that it may have opened."""

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.socialaccount.internal import statekit
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from oauthlib.oauth2 import FatalClientError, OAuth2Error

from accounts.oidc.proved import unseal
from accounts.pages.next_pages import is_own_page
from accounts.views.identity_confirmation import SESSION_KEY
from oauthapps.oauth2.authorization_parameters import read_request
from oauthapps.oauth2.consent_form import was_sealed
from oauthapps.oauth2.toolkit import server

AUTHORIZE = "oauth2_provider:authorize"
DECISIONS = {AUTHORIZE, "oauth2_provider:switch-account"}
SIGN_IN = {"account_login", "mfa_login_webauthn", "provider-sign-in"}
# What a sign-in that was begun may still ask for.
UNFINISHED = {"mfa_authenticate", "first-password"}
# Where an identity provider answers, and where its identity is linked.
ANSWERED = {"provider-callback", "confirm-identity"}


def is_on_the_way(request: HttpRequest) -> bool:
    """Return whether a request is a step of an authorization request: signing in for it, or deciding on it.

    It has to be asked before the request is answered, which may use up a sign-in that was begun.
    """
    view = view_of(request)
    if view in SIGN_IN | UNFINISHED:
        begun = request.session.get(LOGIN_SESSION_KEY) if view in UNFINISHED else None
        led_to = begun.get("redirect_url") if isinstance(begun, dict) else None
        return leads_to_client(sent(request, "next") or request.GET.get("next") or led_to or "")
    if view in ANSWERED:
        return leads_to_client(next_of_provider(request))
    return view in DECISIONS and was_sealed(sent(request, "authorization_request"))


def next_of_provider(request: HttpRequest) -> str:
    """Return the page to which a sign-in at a provider leads, as this browser's session keeps it."""
    kept, *_ = statekit.get_states(request).get(request.GET.get("state", ""), ({},))
    waiting = unseal(request.session.get(SESSION_KEY, ""))
    return str(kept.get("next_url") or (waiting.next_url if waiting else ""))


def is_answer_to_client(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether an authorization request was taken for one: its client and redirect URI are certain."""
    is_asked = request.method in {"GET", "HEAD"} and view_of(request) == AUTHORIZE
    return is_asked and response.status_code in {200, 302}


def leads_to_client(url: str) -> bool:
    """Return whether a URL is an authorization request whose client and redirect URI are certain.

    Anybody can make a link to the sign-in page that only resembles one.
    """
    path, _, query = iri_to_uri(url).partition("?")
    if path != reverse(AUTHORIZE) or not is_own_page(url):
        return False
    try:
        parameters, _ = read_request(query)
        server().authorization_request(parameters)
    except OAuth2Error as error:
        return not isinstance(error, FatalClientError) and bool(error.redirect_uri)
    return True


def view_of(request: HttpRequest) -> str:
    """Return the name of the view that a request is for; nothing where there is none."""
    return request.resolver_match.view_name if request.resolver_match else ""


def sent(request: HttpRequest, name: str) -> str:
    """Return a field of the request's form; nothing where it cannot be read, which has been answered."""
    try:
        return request.POST.get(name, "")
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        return ""
