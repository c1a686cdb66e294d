"""The authorization server: exactly the grants that are offered, composed from oauthlib's."""

import re
from collections.abc import Callable
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import AccessDeniedError, OAuth2Error

from accounts.actors import Actor, Sender
from accounts.models import User
from oauthapps.app_types import AUTHORIZATION_CODE, JWT_BEARER, REFRESH_TOKEN
from oauthapps.doors.programs import Refusal
from oauthapps.errors import RequestAnsweredError
from oauthapps.models import Application
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import (
    ClientAuthenticationError,
    Credentials,
    PublicClientError,
    known_application,
)
from oauthapps.oauth2.errors import error_body, message_of
from oauthapps.oauth2.grants import (
    AssertionGrant,
    CodeGrant,
    RefreshGrant,
    TokenGrant,
    TokenResponse,
    UnsupportedGrant,
)
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError
from oauthapps.oauth2.requests import AuthorizationRequest, TokenRequest
from oauthapps.oauth2.throttling import TooManyFailuresError
from oauthapps.oauth2.tokens import TokenReply
from oauthapps.oauth2.validator import Validator

CLIENT_ID = re.compile("[0-9a-f]{32}")


class AuthorizationServer:
    """Authorization code, refresh token and JWT bearer grants; anything unlisted is unsupported."""

    def __init__(
        self,
        request_validator: Validator,
        token_expires_in: int,
        token_generator: Callable[[Request], str],
        refresh_token_generator: Callable[[Request], str],
        **_settings_of_other_flows: Any,
    ) -> None:
        self.reply = TokenReply(request_validator, token_generator, token_expires_in, refresh_token_generator)
        self.code_grant = CodeGrant(request_validator)
        self.grants: dict[str, TokenGrant] = {
            AUTHORIZATION_CODE: self.code_grant,
            REFRESH_TOKEN: RefreshGrant(request_validator),
            JWT_BEARER: AssertionGrant(request_validator),
        }
        self.unsupported = UnsupportedGrant(offered=tuple(self.grants))

    def authorization_request(self, parameters: Parameters) -> AuthorizationRequest:
        """Return a validated authorization request.

        Raises:
            FatalClientError: when client or redirect URI are in doubt: the person must not be sent anywhere.
            OAuth2Error: for any other fault, which the client is told by a redirect.
        """
        request = AuthorizationRequest(parameters)
        self.code_grant.validate_authorization_request(request)
        return request

    def authorize(self, parameters: Parameters, *, user: User, actor: Actor, page_id: str) -> str:
        """Grant what was asked for and return the address to send the browser to.

        Args:
            parameters: the authorization request's, as the consent page showed them.
            user: the person who allows it.
            actor: the same person, for events.
            page_id: names the showing of the page.

        Raises:
            OAuth2Error: when the request has become invalid since the consent page was shown, or this showing
                of the page was answered before and its code is over.
        """
        request = self.authorization_request(parameters)
        request.user, request.actor, request.page_id = user, actor, page_id
        try:
            return self.code_grant.authorization_response(request)
        except RequestAnsweredError as error:
            raise AccessDeniedError(error.message, request=request) from error

    def token_response(self, parameters: Parameters, authorization: str, sender: Sender) -> TokenResponse:
        """Return the headers, body and status that answer a token request.

        Args:
            parameters: the request's parameters.
            authorization: the Authorization header, empty when there is none.
            sender: where the request came from.
        """
        request = TokenRequest(parameters, authorization, sender)
        grant = self.grants.get(parameters.get("grant_type", ""), self.unsupported)
        try:
            return grant.create_token_response(request, self.reply)
        except OAuth2Error as error:
            return error_response(error, request.client)


def unreadable_response(error: UnreadableRequestError, authorization: str, sender: Sender) -> TokenResponse:
    """Return the answer to a request whose parameters cannot be taken, in its client's dialect if known.

    Args:
        error: what is wrong with them, and what could be read.
        authorization: the Authorization header, empty when there is none.
        sender: where the request came from.
    """
    try:
        application = known_application(authorization, error.readable, sender)
    except TooManyFailuresError as too_many:
        return error_response(too_many, None)
    return error_response(error, application)


def error_response(error: OAuth2Error, application: Application | None) -> TokenResponse:
    """Return the answer that refuses a request, in the dialect of the client that authenticated.

    A client that is known and yet should authenticate has all that a public client can have.
    """
    if application is not None and isinstance(error, ClientAuthenticationError):
        credentials = Credentials(client_id=application.client_id)
        error = PublicClientError(credentials, refusals.CANNOT_AUTHENTICATE)
    refusal = Refusal(error.error, message_of(error), client_of(error, application))
    return TokenResponse(error.headers, error_body(error, application), error.status_code, refusal)


def client_of(error: OAuth2Error, application: Application | None) -> str:
    """Return how the log names the client whose request is refused: by its Client ID, proven or only claimed.

    What does not look like one stays out: somebody may have sent a secret in its place.
    """
    if application is not None:
        return str(application.client_id)
    readable = error.readable if isinstance(error, UnreadableRequestError) else {}
    claimed = str(error.client_id or readable.get("client_id", ""))
    return f"{claimed} (not authenticated)" if CLIENT_ID.fullmatch(claimed) else ""
