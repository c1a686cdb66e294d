"""The errors of token requests whose client has authenticated, with what explains them."""

from collections.abc import Sequence

from oauthlib.oauth2 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)

from oauthapps.explanations import applications, codes, refresh_tokens, scopes
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.explained import explained
from oauthapps.rules import echoes
from oauthapps.rules.app_types import TypeSpec
from oauthapps.sql.catalog import Catalog
from oauthapps.sql.clients import GrantRow


def other_grant_type(asked: str, type_: TypeSpec) -> OAuth2Error:
    """Return the error for a grant type that a client's type cannot use."""
    error = UnauthorizedClientError(refusals.of_grant_type(asked, (), type_))
    return explained(
        error, applications.other_grant_type, type_.label, type_.grant_types, echoes.named(asked)
    )


def no_scope() -> OAuth2Error:
    """Return the error for a request of which no scope is left."""
    return explained(InvalidScopeError(refusals.NO_SCOPE), scopes.none_left)


def other_scopes(
    asked: Sequence[str], available: Sequence[str], catalog: Catalog, *, is_refresh: bool = False
) -> OAuth2Error:
    """Return the error for scopes that cannot be had.

    Args:
        asked: those of the request.
        available: those that it could have.
        catalog: the APIs that there are.
        is_refresh: whether the latter are those of a refresh token.
    """
    error, said = (
        InvalidScopeError(refusals.of_scopes(asked, available)),
        scopes.refused(asked, available, catalog.by_scope),
    )
    return explained(error, scopes.not_available, said, available, catalog.by_scope, is_refresh=is_refresh)


def no_code() -> OAuth2Error:
    """Return the error for a request without a code."""
    return explained(InvalidRequestError("Missing code parameter."), codes.missing)


def method_sent() -> OAuth2Error:
    """Return the error for a request that names another method than S256."""
    return explained(InvalidGrantError(refusals.METHOD_SENT), codes.method_sent)


def other_verifier(challenge: str, verifier: str | None) -> OAuth2Error:
    """Return the error for a verifier that does not fit a challenge; either may be absent."""
    length, is_challenge = None if verifier is None else len(verifier), verifier == challenge
    error = InvalidGrantError(refusals.of_verifier(challenge, verifier))
    return explained(error, codes.other_verifier, length, bool(challenge), is_challenge)


def no_redirect_uri(grant: GrantRow) -> OAuth2Error:
    """Return the error for a request without the redirect URI that the code was sent to."""
    error = InvalidRequestError(refusals.REDIRECT_URI_MISSING)
    return explained(error, codes.redirect_uri_missing, grant.redirect_uri)


def other_redirect_uri(grant: GrantRow, sent: str) -> OAuth2Error:
    """Return the error for a redirect URI other than the one that the code was sent to."""
    error = InvalidGrantError(refusals.REDIRECT_URI_WRONG)
    return explained(error, codes.other_redirect_uri, sent, grant.redirect_uri)


def no_refresh_token() -> OAuth2Error:
    """Return the error for a request without a refresh token."""
    return explained(InvalidRequestError("Missing refresh token parameter."), refresh_tokens.missing)


def may_not_refresh() -> OAuth2Error:
    """Return the error for a refresh token of an application that may no longer refresh."""
    return explained(InvalidGrantError(refusals.MAY_NOT_REFRESH), refresh_tokens.may_not_refresh)
