"""The authorization endpoint: judge the request, ask the person, send the browser back.

RFC 6749 section 4.1.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from django.views.generic import View
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2 import AccessDeniedError, FatalClientError, InvalidRequestFatalError, OAuth2Error

from accounts.access import signed_in_user
from accounts.actors import Actor
from accounts.models import User
from oauthapps import lifetimes, scopes
from oauthapps.errors import RequestAnsweredError
from oauthapps.oauth2.consent_form import InvalidConsentError, seal, unseal
from oauthapps.oauth2.issuer import issuer
from oauthapps.oauth2.parameters import Parameters, read_query
from oauthapps.oauth2.redirects import authorization_response
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.oauth2.server import AuthorizationServer
from oauthapps.redirect_urls import display_host
from oauthapps.services import consents

# What an authorization request may say; everything else is ignored (RFC 6749 section 3.1).
PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


@method_decorator(login_not_required, name="dispatch")
class AuthorizationView(OAuthLibMixin, View):
    """Shows the consent page and takes its answer.

    A bad client or redirect URI is refused before anybody is asked to sign in. GET never grants anything.
    """

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the consent page for a valid request."""
        parameters: Parameters = {}
        try:
            parameters = known(read_query(request))
            asked = self.server.authorization_request(parameters)
        except OAuth2Error as error:
            return refuse(request, error, parameters)
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        return show_consent(request, asked, seal(parameters, request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what the person decided about the request that was shown."""
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        parameters: Parameters = {}
        try:
            shown = unseal(request.POST.get("authorization_request", ""), request.user)
            parameters = shown.parameters
            actor = Actor.of(request)
            if request.POST.get("decision") != "allow":
                asked = self.server.authorization_request(parameters)
                consents.refuse(asked.client, user=request.user, actor=actor)
                return refuse(request, AccessDeniedError(request=asked), parameters)
            location = self.server.authorize(
                parameters, user=request.user, actor=actor, request_id=shown.request_id
            )
        except InvalidConsentError:
            return refuse(request, InvalidRequestFatalError(STALE), parameters)
        except RequestAnsweredError as error:
            return refuse(request, InvalidRequestFatalError(error.message), parameters)
        except OAuth2Error as error:
            return refuse(request, error, parameters)
        return send_back(location)

    @property
    def server(self) -> AuthorizationServer:
        """The authorization server that django-oauth-toolkit was told to use."""
        server: AuthorizationServer = self.get_oauthlib_core().server
        return server


STALE = "This page was shown to somebody else or too long ago. Go back to the application and start again."


@require_POST
def switch_account(request: HttpRequest) -> HttpResponse:
    """Sign the person out and begin the same authorization request again with the sign-in page."""
    try:
        shown = unseal(request.POST.get("authorization_request", ""), signed_in_user(request))
    except InvalidConsentError:
        return refuse(request, InvalidRequestFatalError(STALE), {})
    logout(request)
    return redirect_to_login(f"{reverse('oauth2_provider:authorize')}?{urlencode(shown.parameters)}")


def known(parameters: Parameters) -> Parameters:
    """Return the parameters that an authorization request may have."""
    return {name: value for name, value in parameters.items() if name in PARAMETERS}


def show_consent(request: HttpRequest, asked: AuthorizationRequest, sealed: str) -> HttpResponse:
    """Return the page on which the person decides."""
    application = asked.client
    context: dict[str, Any] = {
        "application": application,
        "organization": application.organization,
        "scopes": [scopes.SCOPES[scope] for scope in asked.scopes if scope != scopes.OFFLINE_ACCESS],
        "keeps_access": scopes.OFFLINE_ACCESS in asked.scopes,
        "lifetime": lifetimes.effect_sentence(
            application.absolute_expiration, application.inactivity_expiration
        ),
        "redirect_host": display_host(asked.redirect_uri),
        "first_time": asked.redirect_url is not None and asked.redirect_url.last_used_at is None,
        "authorization_request": sealed,
    }
    return render(request, "oauth2/consent.html", context)


def refuse(request: HttpRequest, error: OAuth2Error, parameters: Parameters) -> HttpResponse:
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
    response["Cache-Control"] = "no-store"
    return response
