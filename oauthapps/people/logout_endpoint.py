"""The endpoint where identity providers announce that somebody has signed out there.

OpenID Connect Back-Channel Logout 1.0: a POST with a logout token, answered with 200 once everything has
ended, or with 400 if the token isn't valid here.
"""

import codecs
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc.failures import SignInRefusedError
from accounts.oidc.logout_tokens import read_logout_token
from audit.actors import Actor
from oauthapps.http.decorators import allow_only
from oauthapps.http.errors import NO_STORE, error_response
from oauthapps.http.messages import ApiRequest, ApiResponse, Explanation, Refusal
from oauthapps.services.provider_logout import log_out

FORM = "application/x-www-form-urlencoded"
NAME = "logout_token"
# What the provider is told: it need not know more.
REFUSED = "The logout token was refused. Administrators can find the cause under System > Requests."
NO_TOKEN = "The request must contain one logout_token, form-encoded."  # noqa: S105  # a sentence
UNAVAILABLE = "provider_unavailable"


@allow_only("POST")
@sensitive_variables()
def provider_logout(request: ApiRequest) -> ApiResponse:
    """End what began at the provider of this URL, as its logout token says."""
    provider = provider_at(request)
    if provider is None:
        return error_response(404, "not_found", "There is no identity provider at this URL.")
    token = token_in(request)
    if not token:
        return refused(provider, "no_logout_token", NO_TOKEN, f"Have the provider send it as {FORM}.")
    try:
        logout = read_logout_token(token, provider)
    except SignInRefusedError as error:
        return refused(provider, error.code, error.cause, error.fix)
    if log_out(logout, provider, actor=sender(request, provider)) is None:
        cause = "The logout token was used before (jti)."
        return refused(provider, "repeated_jti", cause, "Have the provider give each token a jti of its own.")
    return ApiResponse(HTTPStatus.OK, headers=dict(NO_STORE))


def provider_at(request: ApiRequest) -> IdentityProvider | None:
    """Return the provider whose URL a request is for; even a disabled one can sign people out."""
    provider_id = str(request.environ["PATH_INFO"]).strip("/").rpartition("/")[2]
    return IdentityProvider.objects.filter(provider_id=provider_id).first()


@sensitive_variables()
def token_in(request: ApiRequest) -> str:
    """Return the logout token in a form (section 2.5); empty unless there is exactly one."""
    if request.content_type != FORM:
        return ""
    try:
        body = (request.bounded_body() or b"").removeprefix(codecs.BOM_UTF8).decode("ascii")
        sent = parse_qs(body, max_num_fields=100).get(NAME, [])
    except (ValueError, OSError):
        return ""
    return sent[0] if len(sent) == 1 else ""


def sender(request: ApiRequest, provider: IdentityProvider) -> Actor:
    """Return the provider as the actor, with its IP address."""
    return request.sender().as_provider(provider.name)


def refused(provider: IdentityProvider, code: str, cause: str, fix: str) -> ApiResponse:
    """Return the refusal of a logout (section 2.8), with the cause for administrators.

    If the provider's keys can't be fetched, the provider may send the same token again.
    """
    status = HTTPStatus.SERVICE_UNAVAILABLE if code == UNAVAILABLE else HTTPStatus.BAD_REQUEST
    response = error_response(status, "invalid_request", REFUSED)
    explain = partial(Explanation, f"{provider.name}: {cause}", fix)
    response.refusal = Refusal(code, f"A logout from {provider.name} was refused.", explain=explain)
    return response
