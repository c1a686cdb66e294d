"""What explains the errors that oauthlib raises while it judges an authorization request."""

from collections.abc import Callable
from functools import partial

from django.utils import timezone
from oauthlib.oauth2 import (
    AccessDeniedError,
    InvalidClientIdError,
    InvalidRedirectURIError,
    MismatchingRedirectURIError,
    MissingClientIdError,
    MissingRedirectURIError,
    MissingResponseTypeError,
    OAuth2Error,
    UnsupportedResponseTypeError,
)
from oauthlib.oauth2.rfc6749.errors import MissingCodeChallengeError

from oauthapps.explanations import authorization as explanations
from oauthapps.explanations.applications import Claimed
from oauthapps.http.messages import Explain
from oauthapps.oauth2.explained import explanation_of
from oauthapps.oauth2.parameters import Parameters
from oauthapps.rules import echoes


def no_client(sent: Parameters) -> Explain:
    """Return what explains that nobody can sign in to an application of that Client ID."""
    return partial(explanations.no_client, Claimed.of(sent.get("client_id", "")), timezone.now())


def other_redirect_uri(sent: Parameters) -> Explain:
    """Return what explains that the redirect URI is not registered."""
    return partial(explanations.other_redirect_uri, sent.get("client_id", ""), sent.get("redirect_uri", ""))


def malformed_redirect_uri(sent: Parameters) -> Explain:
    """Return what explains that the redirect URI is no URI."""
    return partial(explanations.malformed_redirect_uri, sent.get("redirect_uri", ""))


def no_redirect_uri(sent: Parameters) -> Explain:
    """Return what explains that a redirect URI is missing."""
    return partial(explanations.no_redirect_uri, sent.get("client_id", ""))


def other_response_type(sent: Parameters) -> Explain:
    """Return what explains that something else than a code was asked for."""
    type_ = sent.get("response_type")
    return partial(explanations.other_response_type, "missing" if type_ is None else echoes.named(type_))


def no_challenge(sent: Parameters) -> Explain:
    """Return what explains that a challenge is missing."""
    return partial(explanations.no_challenge, sent.get("client_id", ""))


def canceled(_: Parameters) -> Explain:
    """Return what explains that the person did not allow it."""
    return explanations.canceled


# By the very class: ours are raised with what explains them.
OF_OAUTHLIB: dict[type[OAuth2Error], Callable[[Parameters], Explain]] = {
    MissingClientIdError: no_client,
    InvalidClientIdError: no_client,
    InvalidRedirectURIError: malformed_redirect_uri,
    MismatchingRedirectURIError: other_redirect_uri,
    MissingRedirectURIError: no_redirect_uri,
    MissingResponseTypeError: other_response_type,
    UnsupportedResponseTypeError: other_response_type,
    MissingCodeChallengeError: no_challenge,
    AccessDeniedError: canceled,
}


def explanation_of_fault(error: OAuth2Error, sent: Parameters) -> Explain:
    """Return what explains why an authorization request was refused.

    Args:
        error: the error.
        sent: the parameters of the request.
    """
    found = OF_OAUTHLIB.get(type(error))
    return explanation_of(error) if found is None or hasattr(error, "explain") else found(sent)
