"""The three grants: each judges first, and uses up what it was given in the act of issuing."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    RefreshTokenGrant,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from oauthapps import scopes
from oauthapps.doors.programs import Refusal
from oauthapps.oauth2 import assertions, refusals
from oauthapps.oauth2.client_authentication import known_application
from oauthapps.oauth2.issuer import issuer
from oauthapps.oauth2.redirects import authorization_response
from oauthapps.oauth2.requests import AuthorizationRequest, TokenRequest
from oauthapps.oauth2.tokens import TokenReply


class TokenResponse(NamedTuple):
    """An answer of the endpoints that clients call.

    Attributes:
        headers: those that its status calls for.
        body: JSON.
        status: the HTTP status, in numbers.
        refusal: what the log says of it, where it refuses.
    """

    headers: dict[str, str]
    body: str
    status: int
    refusal: Refusal | None = None


class TokenGrant:
    """How every grant turns a token request into tokens.

    Until everything has been judged nothing is written. Then one act uses up the code, refresh token or
    assertion and stores what was made from it, or does neither, because another request was quicker.
    """

    request_validator: Any

    def create_token_response(self, request: TokenRequest, token_handler: TokenReply) -> TokenResponse:
        """Return the headers, body and status of a token reply.

        Raises:
            OAuth2Error: when the request is refused; nothing has been used up or stored then.
        """
        self.request_validator.authenticate_client(request)
        self.validate_grant_type(request)  # type: ignore[attr-defined]
        try:
            self.validate_token_request(request)  # type: ignore[attr-defined]
            reply = token_handler.create_token(request)
            self.request_validator.save_token(reply, request)
        except InvalidGrantError as error:
            self.request_validator.after_refusal(request, error)
            raise
        return TokenResponse({}, json.dumps(reply), 200)

    def validate_client_authentication(self, request: TokenRequest) -> None:
        """Do nothing: it has been done."""


class CodeGrant(TokenGrant, AuthorizationCodeGrant):
    """The authorization code grant (RFC 6749 section 4.1) with PKCE (RFC 7636)."""

    def authorization_response(self, request: AuthorizationRequest) -> str:
        """Return the address that carries a new code to the client; the request has been validated."""
        organization = request.client.organization
        return authorization_response(
            request.redirect_uri,
            code=self.request_validator.save_authorization_code(request),
            state=request.state,
            domain=organization.domain,
            lane=organization.lane,
            iss=issuer(),
        )


class RefreshGrant(TokenGrant, RefreshTokenGrant):
    """The refresh token grant (RFC 6749 section 6)."""


class AssertionGrant(TokenGrant, GrantTypeBase):
    """The JWT bearer grant (RFC 7523 section 2.1), which oauthlib does not have."""

    def validate_token_request(self, request: TokenRequest) -> None:
        """Check the assertion and the scopes asked for.

        Raises:
            InvalidRequestError: when the assertion is missing.
            InvalidScopeError: for a scope that machines cannot have.
            InvalidGrantError: when the assertion is refused.
        """
        assertion = request.parameters.get("assertion", "")
        if not assertion:
            raise InvalidRequestError("Missing assertion (or jwt_token) parameter.", request=request)
        request.scopes = list(scopes.parse(request.scope)) or list(scopes.MACHINE_SCOPES)
        if not set(request.scopes) <= set(scopes.MACHINE_SCOPES):
            raise InvalidScopeError(refusals.of_scopes(request.scopes, scopes.MACHINE_SCOPES))
        request.verified_assertion = assertions.verify(assertion, request.client, request.presented)


class UnsupportedGrant(TokenGrant, GrantTypeBase):
    """What is not listed does not exist.

    Args:
        offered: the grant types that are listed.
    """

    def __init__(self, offered: Sequence[str]) -> None:
        super().__init__()
        self.offered = offered

    def create_token_response(self, request: TokenRequest, token_handler: TokenReply) -> TokenResponse:
        """Refuse the request.

        Raises:
            UnsupportedGrantTypeError: always, or
            InvalidRequestError: where the request names no grant type at all, or
            TooManyFailuresError: where its sender has failed to authenticate too often.
        """
        client = known_application(request.authorization, request.parameters, request.sender)
        request.client = client
        if not request.grant_type:
            raise InvalidRequestError("Missing grant_type parameter.", request=request)
        raise UnsupportedGrantTypeError(
            refusals.of_grant_type(request.grant_type, self.offered, client and client.type)
        )
