"""The authorization endpoint: judge the request, ask the person, send the browser back.

RFC 6749 section 4.1.
"""

from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.generic import View
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2 import (
    AccessDeniedError,
    FatalClientError,
    InvalidRequestError,
    InvalidRequestFatalError,
    MismatchingRedirectURIError,
    OAuth2Error,
)
from oauthlib.openid.connect.core.exceptions import RequestNotSupported, RequestURINotSupported

from accounts.access import SignInRequiredError, is_from_old_tab
from accounts.models import User
from accounts.pages.next_pages import redirect_to_page
from audit.actors import Actor
from oauthapps.http.issuer import issuer
from oauthapps.oauth2.authorization_notes import note_grant, note_refusal
from oauthapps.oauth2.consent_form import (
    InvalidConsentError,
    parameters_of,
    time_limit_of,
    unseal,
    wording_of,
)
from oauthapps.oauth2.consent_page import show_consent
from oauthapps.oauth2.parameters import RESOURCE, Parameters, form_pairs
from oauthapps.oauth2.redirects import authorization_response
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.oauth2.toolkit import AuthorizationServer
from oauthapps.rules.credential_values import is_text
from oauthapps.services import consents
from oauthapps.services.refused_urls import note_refused_redirect_uri

# What an authorization request may say; everything else is ignored (RFC 6749 section 3.1).
PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    RESOURCE,
)
# Request objects are not offered (RFC 9101). One that is sent holds what the client means, so that going by
# the plain parameters would be wrong; a URL that is sent is never fetched.
NOT_SUPPORTED: dict[str, type[OAuth2Error]] = {
    "request": RequestNotSupported,
    "request_uri": RequestURINotSupported,
}
# Without a value a parameter counts as absent (RFC 6749 section 3.1). Not so these: an empty challenge must
# not pass for a request without one (RFC 7636 section 4.4.1), nor an empty response type for a forgotten one.
JUDGED_WHEN_EMPTY = ("response_type", "code_challenge")
# Bytes that the values may have together. On the way through the sign-in page each may be percent-encoded
# twice, as five characters: that fits, with cookies and the like, into the 64 KiB of headers that are read.
MOST_BYTES = 10 * 1024
TOO_LONG = (
    f"The authorization request is too long: its parameters can be at most {MOST_BYTES:,} bytes together. "
    "Send a shorter state."
)
NOT_SHOWN = "This form didn't come from a consent page shown here. Go back to the application and start over."
DECIDE_AGAIN = (
    "Your choice wasn't applied: the page was too old, or you signed in or out after it was opened. Choose "
    "again."
)
# What Enter in a field sends: browsers press a form's first button then, which must decide nothing.
UNDECIDED = "undecided"
NOT_DECIDED = "Nothing was decided yet. Choose Allow access or Cancel."
REWORDED = "Your choice wasn't applied: what the application asks for has changed. Review it and choose."


@method_decorator(login_not_required, name="dispatch")
class AuthorizationView(OAuthLibMixin, View):
    """Shows the consent page and takes its answer.

    A bad client or redirect URI is refused before anybody is asked to sign in. GET never grants anything.
    """

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the consent page for a valid request."""
        parameters: Parameters = {}
        try:
            parameters, fault = read_request(request.META.get("QUERY_STRING", ""))
            asked = self.validated(parameters, fault)
        except OAuth2Error as error:
            if isinstance(error, MismatchingRedirectURIError):
                note_refused_redirect_uri(parameters["client_id"], parameters["redirect_uri"])
            return refuse(request, error, parameters)
        if not isinstance(request.user, User):
            return sign_in_first(parameters)
        return show_consent(request, parameters, asked)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what the person decided about the request that was shown."""
        parameters: Parameters = {}
        is_decided = request.POST.get("decision") != UNDECIDED
        if not isinstance(request.user, User) or is_from_old_tab(request) or not is_decided:
            return self.ask_again(request, DECIDE_AGAIN if is_decided else NOT_DECIDED)
        try:
            shown = unseal(request.POST.get("authorization_request", ""), request.user)
            parameters = shown.parameters
            actor = Actor.of(request)
            asked = self.server.authorization_request(parameters)
            if request.POST.get("decision") != "allow":
                consents.refuse(asked.client, user=request.user, actor=actor, page_id=shown.page_id)
                return refuse(request, AccessDeniedError(request=asked), parameters)
            asked.time_limit = time_limit_of(request.POST.get("time_limit", ""))
            if shown.wording != wording_of(asked):
                return self.ask_again(request, REWORDED)
            location = self.server.authorize(asked, user=request.user, actor=actor, page_id=shown.page_id)
        except InvalidConsentError:
            return self.ask_again(request)
        except OAuth2Error as error:
            return refuse(request, error, parameters)
        response = send_back(location)
        note_grant(request, parameters, response.status_code)
        return response

    def ask_again(self, request: HttpRequest, reason: str = DECIDE_AGAIN) -> HttpResponse:
        """Ask the same anew where a page is out of date or was another person's; nothing is decided."""
        try:
            parameters = parameters_of(request.POST.get("authorization_request", ""))
            asked = self.server.authorization_request(parameters)
        except InvalidConsentError:
            return refuse(request, InvalidRequestFatalError(NOT_SHOWN), {})
        except OAuth2Error as error:
            return refuse(request, error, parameters)
        messages.warning(request, reason)
        if not isinstance(request.user, User):
            raise SignInRequiredError(url_of(parameters))
        chosen = request.POST.get("time_limit", "")
        return show_consent(request, parameters, asked, chosen=chosen, status=400)

    def validated(self, parameters: Parameters, fault: OAuth2Error | None) -> AuthorizationRequest:
        """Return the valid authorization request that the parameters make.

        Raises:
            FatalClientError: when client or redirect URI are in doubt.
            OAuth2Error: `fault`, if there is one, else what the server finds, for the client to be told.
        """
        try:
            asked = self.server.authorization_request(parameters)
        except OAuth2Error as error:
            if fault is None or isinstance(error, FatalClientError):
                raise
            raise with_redirect(fault, error) from error
        if fault is not None:
            raise with_redirect(fault, asked)
        return asked

    @property
    def server(self) -> AuthorizationServer:
        """The authorization server that django-oauth-toolkit was told to use."""
        server: AuthorizationServer = self.get_oauthlib_core().server
        return server


def url_of(parameters: Parameters) -> str:
    """Return the URL of an authorization request."""
    return f"{reverse('oauth2_provider:authorize')}?{urlencode(parameters)}"


def sign_in_first(parameters: Parameters) -> HttpResponse:
    """Return the redirect to the sign-in page that leads back to the same authorization request."""
    query = urlencode({"next": url_of(parameters)}, safe="/")
    return redirect_to_page(f"{reverse('account_login')}?{query}")


def read_request(query: str) -> tuple[Parameters, OAuth2Error | None]:
    """Return the usable parameters of an authorization request, and its fault, if any.

    The client is told of it once it is certain where the client is.

    Args:
        query: the URL's, as the server writes it (PEP 3333).

    Raises:
        InvalidRequestFatalError: when nobody can say which client or redirect URI is meant.
        InvalidRequestError: when the query is no form.
    """
    values: dict[str, list[str]] = {}
    for name, value in form_pairs(query.encode("latin-1", "replace")):
        if name in PARAMETERS or name in NOT_SUPPORTED:
            values.setdefault(name, []).append(value)
    if RESOURCE in values:  # the one that may repeat (RFC 8707 section 2)
        values[RESOURCE] = [" ".join(values[RESOURCE])]
    wrong = {name: problem for name, sent in values.items() if (problem := problem_of(sent))}
    for name in ("client_id", "redirect_uri"):
        if name in wrong:
            raise InvalidRequestFatalError(wrong[name])
    parameters = {
        name: values[name][0]
        for name in PARAMETERS
        if name in values and name not in wrong and (values[name][0] or name in JUDGED_WHEN_EMPTY)
    }
    unsupported = [fault() for name, fault in NOT_SUPPORTED.items() if any(values.get(name, ()))]
    faults = [InvalidRequestError(problem) for problem in wrong.values()] + unsupported
    if sum(len(value.encode()) for value in parameters.values()) > MOST_BYTES:
        faults.append(InvalidRequestError(TOO_LONG))
    return parameters, next(iter(faults), None)


def problem_of(values: list[str]) -> str:
    """Return why a parameter's values cannot be used, or nothing (RFC 6749 section 3.1)."""
    if len(values) > 1:
        return "A parameter was sent more than once."
    return "" if is_text(values[0]) else "A parameter contains characters that are not allowed."


def with_redirect(fault: OAuth2Error, judged: OAuth2Error | AuthorizationRequest) -> OAuth2Error:
    """Return a fault with the redirect URI and state of the request that has it."""
    fault.redirect_uri, fault.state = judged.redirect_uri, judged.state
    return fault


def refuse(request: HttpRequest, error: OAuth2Error, parameters: Parameters) -> HttpResponse:
    """Refuse an authorization request, and note that."""
    response = refused(request, error, parameters)
    note_refusal(request, error, parameters, response.status_code)
    return response


def refused(request: HttpRequest, error: OAuth2Error, parameters: Parameters) -> HttpResponse:
    """Tell the client what is wrong by a redirect, or the person by a page where nobody may be redirected."""
    if isinstance(error, FatalClientError) or not error.redirect_uri:
        context = {"error": error, "parameters": parameters}
        return render(request, "oauth2/error.html", context, status=400)
    return send_back(
        authorization_response(
            error.redirect_uri,
            error=error.error,
            error_description=error.description,
            state=error.state,
            iss=issuer(),
        )
    )


def send_back(location: str) -> HttpResponse:
    """Return the redirect to the client, whose redirect URI has been checked, whatever its scheme."""
    response: HttpResponse = OAuth2ResponseRedirect(location, [urlsplit(location).scheme])
    return response
