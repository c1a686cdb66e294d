"""Deciding as somebody else: the way out of a consent page for whoever is not the person it names."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from accounts.access import posted_from
from oauthapps.oauth2.authorization import not_shown, refuse, sign_in_first
from oauthapps.oauth2.consent_form import InvalidConsentError, parameters_of


@login_not_required
@posted_from("home")
def switch_account(request: HttpRequest) -> HttpResponse:
    """Sign the person out, if anybody is signed in, and begin the same authorization request again."""
    try:
        parameters = parameters_of(request.POST.get("authorization_request", ""))
    except InvalidConsentError:
        return refuse(request, not_shown(), {})
    logout(request)
    return sign_in_first(parameters)
