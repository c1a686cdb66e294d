"""Deciding as somebody else: the way out of a consent page for whoever is not the person it names."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2 import InvalidRequestFatalError

from accounts.access import posted_from
from oauthapps.oauth2.authorization import NOT_SHOWN, refuse, sign_in_first
from oauthapps.oauth2.consent_form import InvalidConsentError, parameters_of


@login_not_required
@posted_from("home")
def switch_account(request: HttpRequest) -> HttpResponse:
    """Sign the person out, if anybody is signed in, and begin the same authorization request again."""
    try:
        parameters = parameters_of(request.POST.get("authorization_request", ""))
    except InvalidConsentError:
        return refuse(request, InvalidRequestFatalError(NOT_SHOWN), {})
    logout(request)
    return sign_in_first(parameters)
