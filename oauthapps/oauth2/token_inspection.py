"""Revocation (RFC 7009) and introspection (RFC 7662): what a client may do with a token it holds."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from oauthlib.oauth2 import InvalidRequestError

from audit.actors import Sender
from oauthapps.explanations import client_secrets, requests
from oauthapps.http.issuer import issuer
from oauthapps.models import AccessToken, RefreshToken
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.oauth2.client_errors import Credentials, PublicClientError
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.throttling import count_failure
from oauthapps.rules import scopes
from oauthapps.rules.credential_values import REFRESH_TOKEN_PREFIX, digest
from oauthapps.services import tokens
from oauthapps.sql.access_tokens import ACCESS_TOKENS, SERVICE, AccessTokenRow
from oauthapps.sql.catalog import Catalog
from oauthapps.sql.clients import REFRESH_TOKENS, ClientRow, Presented, RefreshTokenRow

Members = dict[str, Any]
INACTIVE: Members = {"active": False}


def revoke(parameters: Parameters, client: AuthenticatedClient, sender: Sender) -> Members:
    """Revoke a token of the client's own; a refresh token takes its whole family with it.

    An unknown token, or somebody else's, gets the same answer (RFC 7009 section 2.2). Published single page
    applications name the parameter `refresh_token`.

    Raises:
        InvalidRequestError: when no token is named.
    """
    value = parameters.get("token") or parameters.get("refresh_token")
    if not value:
        raise explained(InvalidRequestError("Missing token parameter."), requests.no_token)
    actor = sender().as_client(client.application.client_id)
    tokens.revoke(digest(value), client.application.id, actor=actor)
    return {}


def presented(parameters: Parameters) -> Presented:
    """Return what to look up for an introspection.

    The prefix says which table to look into; the hint is only a hint.
    """
    value = parameters.get("token", "")
    is_refresh_token = value.startswith(REFRESH_TOKEN_PREFIX)
    lookup = REFRESH_TOKENS if is_refresh_token else ACCESS_TOKENS
    return Presented(lookup, digest(value), issues=False)


def introspect(parameters: Parameters, client: AuthenticatedClient, sender: Sender) -> Members:
    """Return what a token means, or that it means nothing to this client.

    Raises:
        PublicClientError: for a public client, which anybody could pretend to be.
        InvalidRequestError: when no token is named.
        TooManyFailuresError: when this is one guess too many.
    """
    require_authentication(client)
    value = parameters.get("token")
    if not value:
        raise explained(InvalidRequestError("Missing token parameter."), requests.no_token)
    for row in client.presented:
        scope = describable(client.application, row)
        if scope is not None:
            return describe(row, scope, client.application.catalog)
    if not is_no_guess(value, client.application):
        count_failure(f"introspection by {client.application.client_id}", sender().ip_address)
    return INACTIVE


def require_authentication(client: AuthenticatedClient) -> None:
    """Refuse a public client, which anybody could pretend to be.

    Raises:
        PublicClientError: for one.
    """
    if client.application.secret_id is None and client.assertion is None:
        credentials = Credentials(client_id=client.application.client_id)
        explain = partial(client_secrets.cannot_authenticate, client.application.type.label)
        raise PublicClientError(credentials, refusals.CANNOT_AUTHENTICATE, explain)


def is_no_guess(value: str, application: ClientRow) -> bool:
    """Return whether a value is, or was, a token that a client may ask about.

    Somebody else's token counts as a guess, or the answers would tell it from a value that never existed.
    """
    model = RefreshToken if value.startswith(REFRESH_TOKEN_PREFIX) else AccessToken
    rows = model.objects.filter(token_checksum=digest(value)).values_list("application_id", "scope")
    return any(
        may_ask(application, owner) or verifiable(application, scopes.parse(scope)) for owner, scope in rows
    )


def may_ask(application: ClientRow, owner: int) -> bool:
    """Return whether a client may ask about a token of this owner: its own, or any if it may verify all."""
    return application.may_verify_tokens or owner == application.id


def describable(application: ClientRow, row: AccessTokenRow | RefreshTokenRow) -> tuple[str, ...] | None:
    """Return the scopes of a living token that a client may be told of; None where it may be told nothing.

    Who verifies the tokens of an API is told of its scopes alone. A refresh token is for its own client:
    whoever verifies the tokens of others would take it for an access token that lives for months.
    """
    scope = application.catalog.effective(row.scope, row.allowed_scope)
    if isinstance(row, RefreshTokenRow):
        is_alive = row.replaced_at is None and not row.expirations.have_passed
        is_alive = is_alive and scopes.OFFLINE_ACCESS in scope
        return scope if is_alive and row.application_id == application.id else None
    if may_ask(application, row.application_id):
        return scope
    return verifiable(application, scope) or None


def verifiable(application: ClientRow, scope: Sequence[str]) -> tuple[str, ...]:
    """Return those scopes that are for APIs whose tokens a client may verify."""
    by_scope = application.catalog.by_scope
    return tuple(name for name in scope if name in by_scope and application.id in by_scope[name].verifiers)


def subject_of(row: AccessTokenRow | RefreshTokenRow) -> Members:
    """Return whom a token speaks for: a person, or a machine application itself."""
    if isinstance(row, RefreshTokenRow):
        return {"username": row.username, "sub": row.user_id}
    if row.is_service:
        return {"sub": row.subject, "sub_type": SERVICE}
    return {"username": row.username, "sub": row.subject}


def describe(row: AccessTokenRow | RefreshTokenRow, scope: tuple[str, ...], catalog: Catalog) -> Members:
    """Return the members of RFC 7662 section 2.2, and `token_use`, which tells the two kinds apart.

    A refresh token has no `token_type`: that is a way of using access tokens (RFC 6749 section 7.1).

    Args:
        row: the token.
        scope: the scopes that the client may be told of.
        catalog: the APIs that there are.
    """
    response = {
        "active": True,
        "scope": scopes.render(scope),
        "client_id": row.client_id,
        **subject_of(row),
        "iss": issuer(),
        "iat": int(row.created.timestamp()),
    }
    expires: datetime | None
    if isinstance(row, AccessTokenRow):
        expires, kind = row.expires, "access_token"
        response["token_type"] = row.token_type
        response["aud"] = catalog.audience(scope)
    else:
        expires, kind = row.expirations.ends_at, "refresh_token"
    if expires is not None:
        response["exp"] = int(expires.timestamp())
    response["token_use"] = kind
    return response
