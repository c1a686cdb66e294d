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
    InvalidRequestFatalError,
    MismatchingRedirectURIError,
    OAuth2Error,
)

from accounts.access import SignInRequiredError, is_from_old_tab
from accounts.models import User
from accounts.pages.next_pages import redirect_to_page
from audit.actors import Actor
from oauthapps.explanations import authorization as explanations
from oauthapps.http.issuer import issuer
from oauthapps.oauth2.authorization_faults import explanation_of_fault
from oauthapps.oauth2.authorization_notes import note_grant, note_refusal
from oauthapps.oauth2.authorization_parameters import read_request
from oauthapps.oauth2.consent_form import (
    InvalidConsentError,
    parameters_of,
    time_limit_of,
    unseal,
    wording_of,
)
from oauthapps.oauth2.consent_page import show_consent
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.redirects import authorization_response
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.oauth2.toolkit import AuthorizationServer
from oauthapps.services import consents
from oauthapps.services.refused_urls import note_refused_redirect_uri

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
            return refuse(request, not_shown(), {})
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


def not_shown() -> OAuth2Error:
    """Return the error for a form that did not come from a consent page that was shown here."""
    return explained(InvalidRequestFatalError(NOT_SHOWN), explanations.not_shown)


def url_of(parameters: Parameters) -> str:
    """Return the URL of an authorization request."""
    return f"{reverse('oauth2_provider:authorize')}?{urlencode(parameters)}"


def sign_in_first(parameters: Parameters) -> HttpResponse:
    """Return the redirect to the sign-in page that leads back to the same authorization request."""
    query = urlencode({"next": url_of(parameters)}, safe="/")
    return redirect_to_page(f"{reverse('account_login')}?{query}")


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
    explained(error, explanation_of_fault(error, parameters))
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
