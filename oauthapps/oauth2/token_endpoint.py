"""The token endpoint (RFC 6749 section 3.2): authenticate the client, judge its request, store, reply.

Nothing is written until everything has been judged. Then one act uses up the code, refresh token or assertion
and stores what is made from it, or does neither, because another request was quicker.
"""

from collections.abc import Callable
from functools import partial

from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2 import InvalidGrantError, OAuth2Error

from audit.actors import Sender
from oauthapps.http.decorators import allow_only
from oauthapps.http.errors import NO_STORE
from oauthapps.http.messages import ApiRequest, ApiResponse, json_response
from oauthapps.oauth2 import grant_errors, refused_grants
from oauthapps.oauth2.audiences import limited
from oauthapps.oauth2.client_authentication import (
    AuthenticatedClient,
    authenticate_client,
    identify_application,
    once,
    use_up_assertion,
)
from oauthapps.oauth2.errors import error_response, unreadable_response, unsupported_grant_type
from oauthapps.oauth2.grant_types import Granted, TokenGrant
from oauthapps.oauth2.machine_grants import judge_assertion, judge_own_behalf
from oauthapps.oauth2.parameters import RESOURCE, Parameters, UnreadableRequestError
from oauthapps.oauth2.usage import usage_of
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, JWT_BEARER, REFRESH_TOKEN
from oauthapps.rules.credential_values import digest, successors_of
from oauthapps.rules.pkce import METHOD, verifier_fits
from oauthapps.services import tokens
from oauthapps.sql import client_keys, clients
from oauthapps.sql.clients import GrantRow, Presented, RefreshTokenRow

TokenGenerator = Callable[[Parameters], str]


@allow_only("POST")
def token(request: ApiRequest) -> ApiResponse:
    """Answer a token request."""
    return respond(request, dict)


@allow_only("POST")
def jwt_exchange(request: ApiRequest) -> ApiResponse:
    """Exchange a JWT in the documented way: the JWT bearer grant under another name."""
    return respond(request, as_jwt_bearer_grant)


def as_jwt_bearer_grant(parameters: Parameters) -> Parameters:
    """Return the token request (RFC 7523 section 2.1) that a documented exchange means."""
    assertion = parameters.get("jwt_token", "")
    return {**parameters, "grant_type": JWT_BEARER, "assertion": assertion}


def respond(request: ApiRequest, translate: Callable[[Parameters], Parameters]) -> ApiResponse:
    """Let the backend and the server that django-oauth-toolkit was told to use answer a request.

    The answer says which grant was asked for.

    Args:
        request: the request; its body is form or JSON.
        translate: makes the parameters of a token request from those that were sent.
    """
    backend = OAuthLibMixin.get_oauthlib_core()
    try:
        parameters = translate(backend.extract_body(request))
    except UnreadableRequestError as error:
        response: ApiResponse = unreadable_response(error, request.authorization, request.sender)
        response.grant_type = ""
        return response
    response = backend.server.token_response(parameters, request.authorization, request.sender)
    response.grant_type = parameters.get("grant_type", "")
    return response


class TokenEndpoint:
    """The part of the server that answers token requests, by the grants at the end of this module.

    Args:
        token_expires_in: how many seconds an access token lives.
        token_generator: makes the value of an access token.
        refresh_token_generator: makes the value of a refresh token.
    """

    def __init__(
        self, token_expires_in: int, token_generator: TokenGenerator, refresh_token_generator: TokenGenerator
    ) -> None:
        self.expires_in = token_expires_in
        self.new_access_token = token_generator
        self.new_refresh_token = refresh_token_generator

    def token_response(self, parameters: Parameters, authorization: str, sender: Sender) -> ApiResponse:
        """Return the answer to a token request.

        Args:
            parameters: the request's parameters.
            authorization: the Authorization header, empty when there is none.
            sender: where the request came from.
        """
        client, application, grant_type = None, None, parameters.get("grant_type", "")
        try:
            grant = GRANTS.get(grant_type)
            if grant is None:
                application = identify_application(authorization, parameters, sender)
                raise unsupported_grant_type(parameters, GRANTS, application)
            value = parameters.get(grant.parameter, "")
            presented = Presented(grant.lookup, digest(value))
            client = authenticate_client(authorization, parameters, sender, presented)
            application = client.application
            try:
                return self.issue(judged(grant_type, value, parameters, client), parameters, client, sender)
            except InvalidGrantError as error:
                grant.after_refusal(error, value, client, sender)
                raise
        except OAuth2Error as error:
            response = error_response(error, application)
            response.usage = client and partial(usage_of, client)
            return response

    def issue(
        self, granted: Granted, parameters: Parameters, client: AuthenticatedClient, sender: Sender
    ) -> ApiResponse:
        """Make tokens, store them while using up what they are made from, and reply (RFC 6749 section 5.1).

        Raises:
            InvalidGrantError: when that was used up before; nothing is stored then.
        """
        application = client.application
        issue = tokens.Issue(
            source=granted.source,
            client=application,
            scope=scopes.render(granted.scope),
            seconds=application.catalog.seconds(
                granted.scope, application.access_token_seconds, granted.allowed_until
            ),
            access_token=self.new_access_token(parameters),
            refresh_token=granted.successors[0]
            if granted.successors
            else (self.new_refresh_token(parameters) if granted.makes_refresh_token else ""),
            replaces=not granted.kept_refresh_token,
            former_successors=granted.successors[1:],
            client_assertion=client.assertion,
        )
        with once(client):
            stored = tokens.store(issue, sender=sender)
            if stored is None:
                raise refused_grants.used_up(granted.source, client)
        tokens.record_uses(stored)
        reply = {
            "token_type": application.token_type,
            "access_token": issue.access_token,
            "expires_in": issue.seconds,
            "scope": issue.scope,
            "wid": application.customer_id,
        }
        if refresh_token := stored.refresh_token or granted.kept_refresh_token:
            reply["refresh_token"] = refresh_token
        response = json_response(reply, headers=NO_STORE, client_id=application.client_id)
        response.usage = partial(usage_of, client, granted.source, granted.scope)
        return response


def judged(grant_type: str, value: str, parameters: Parameters, client: AuthenticatedClient) -> Granted:
    """Return what a request is granted; its client's assertion is good for no other request if it is refused.

    Args:
        grant_type: one of `GRANTS`.
        value: what the client presents.
        parameters: the request's parameters.
        client: the client.

    Raises:
        OAuth2Error: naming the first thing that is wrong.
        ClientAuthenticationError: when something is, and the client's assertion was used before.
    """
    try:
        if grant_type not in client.application.type.grant_types:
            raise grant_errors.other_grant_type(grant_type, client.application.type)
        granted = GRANTS[grant_type].judge(value, parameters, client)
        if not granted.scope:
            raise grant_errors.no_scope()
    except OAuth2Error:
        use_up_assertion(client)
        raise
    return granted


# The authorization code grant (RFC 6749 section 4.1.3) with PKCE (RFC 7636 section 4.6)


def judge_code(code: str, parameters: Parameters, client: AuthenticatedClient) -> Granted:
    """Judge a code, its verifier, and the redirect URI it was sent to."""
    if not code:
        raise grant_errors.no_code()
    # It belongs to the authorization request. Whoever names another one here tries to make the challenge
    # itself pass for the verifier.
    if parameters.get("code_challenge_method", METHOD) != METHOD:
        raise grant_errors.method_sent()
    grant: GrantRow | None = client.own_row()
    if grant is None:
        raise InvalidGrantError
    verifier = parameters.get("code_verifier")
    if not verifier_fits(grant.code_challenge, verifier):
        raise grant_errors.other_verifier(grant.code_challenge, verifier)
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None and grant.redirect_uri_given:
        raise grant_errors.no_redirect_uri(grant)
    if redirect_uri is not None and redirect_uri != grant.redirect_uri:
        raise grant_errors.other_redirect_uri(grant, redirect_uri)
    own_scope = client.application.effective(grant.scope)
    scope = own_scope
    if RESOURCE in parameters:
        scope = limited(own_scope, parameters[RESOURCE], client.application.catalog)
    makes_refresh_token = scopes.OFFLINE_ACCESS in own_scope
    return Granted(grant, scope, makes_refresh_token, allowed_until=grant.allowed_until)


# The refresh token grant (RFC 6749 section 6)


def judge_refresh_token(value: str, parameters: Parameters, client: AuthenticatedClient) -> Granted:
    """Judge a refresh token, and the scope: less than its own may be asked for.

    One that was replaced a moment ago is granted its successor again: the reply may have been lost.
    """
    if not value:
        raise grant_errors.no_refresh_token()
    row: RefreshTokenRow | None = client.own_row()
    if row is None or row.expirations.have_passed:
        raise InvalidGrantError
    own_scope = client.application.effective(row.scope)
    if scopes.OFFLINE_ACCESS not in own_scope:
        raise grant_errors.may_not_refresh()
    # Around the whole, unlike between names, white space has never meant anything here.
    scope = scopes.parse(parameters.get("scope", "").strip()) or own_scope
    if not set(scope) <= set(own_scope):
        raise grant_errors.other_scopes(scope, own_scope, client.application.catalog, is_refresh=True)
    if RESOURCE in parameters:
        scope = limited(scope, parameters[RESOURCE], client.application.catalog)
    if client.application.rotate_refresh_tokens or row.replaced_at:
        successors = successors_of(value, row.successor_salt)
        return Granted(row, scope, successors=successors, allowed_until=row.allowed_until)
    return Granted(row, scope, kept_refresh_token=value, allowed_until=row.allowed_until)


GRANTS = {
    AUTHORIZATION_CODE: TokenGrant("code", clients.GRANTS, judge_code, refused_grants.after_code),
    REFRESH_TOKEN: TokenGrant(
        "refresh_token", clients.REFRESH_TOKENS, judge_refresh_token, refused_grants.after_refresh_token
    ),
    JWT_BEARER: TokenGrant("assertion", client_keys.KEYS, judge_assertion, refused_grants.after_assertion),
    CLIENT_CREDENTIALS: TokenGrant("", clients.NOTHING, judge_own_behalf, refused_grants.after_nothing),
}
