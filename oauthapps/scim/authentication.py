"""Authenticating SCIM requests by their token (RFC 7644 section 2, RFC 6750 section 2.1)."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings

from audit.actors import Actor
from audit.ip_addresses import network_of
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView
from oauthapps.scim.errors import ScimError
from oauthapps.services.scim_tokens import find_scim_token, record_use
from oauthapps.sql.failures import exceeded, seconds_left

# Failures are counted per network in windows of this many seconds.
WINDOW_SECONDS = 60
REALM = {"WWW-Authenticate": 'Bearer realm="SCIM"'}
INVALID = {"WWW-Authenticate": 'Bearer realm="SCIM", error="invalid_token"'}
NO_TOKEN = "Send a SCIM token in the Authorization header, after the word Bearer."  # noqa: S105  # a sentence
UNKNOWN_TOKEN = "This SCIM token is unknown or was deleted."  # noqa: S105  # a sentence
CHECK_TOKEN = "Create a token under System > Sign-in > Provisioning and enter it in your directory."  # noqa: S105  # a sentence
TOO_MANY = "Too many failed attempts from this network. Wait for the number of seconds in Retry-After."

# Answers an authenticated request; the actor is the token.
ScimView = Callable[[ApiRequest, Actor], ApiResponse]


def token_required(view: ScimView) -> ApiView:
    """Refuse requests without a valid SCIM token, and answer every refusal as a SCIM error."""

    @wraps(view)
    def answer(request: ApiRequest) -> ApiResponse:
        try:
            response = view(request, authenticate(request))
        except ScimError as error:
            response = error.response()
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def authenticate(request: ApiRequest) -> Actor:
    """Return the actor behind a request's token.

    Raises:
        ScimError: when there is no token, or it isn't valid.
    """
    scheme, _, value = request.authorization.partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise ScimError(401, NO_TOKEN, fix=CHECK_TOKEN, headers=REALM)
    token = find_scim_token(value.strip())
    sender = request.sender()
    if token is None:
        raise unknown_token(sender)
    record_use(token)
    return sender.as_scim_token(token.name)


def unknown_token(sender: Actor) -> ScimError:
    """Count a failure and return the refusal, which becomes 429 after too many, to stop guessing."""
    limits = {f"SCIM {network_of(sender.ip_address)}": settings.CLIENT_FAILURES_PER_NETWORK}
    if exceeded(limits, WINDOW_SECONDS):
        return ScimError(
            429, TOO_MANY, fix=CHECK_TOKEN, headers={"Retry-After": str(seconds_left(WINDOW_SECONDS))}
        )
    return ScimError(
        401,
        UNKNOWN_TOKEN,
        fix=CHECK_TOKEN,
        headers={"WWW-Authenticate": f'{REALM["WWW-Authenticate"]}, error="invalid_token"'},
    )
