"""The endpoints that clients call; each answers in JSON."""

import json
from collections.abc import Callable

from oauthlib.oauth2 import OAuth2Error

from accounts.actors import Sender
from oauthapps.app_types import JWT_BEARER
from oauthapps.doors.errors import NO_STORE
from oauthapps.doors.methods import allow_only
from oauthapps.doors.programs import JSON, Answer, Answering, ProgramRequest
from oauthapps.models.lookups import Presented
from oauthapps.oauth2 import token_inspection
from oauthapps.oauth2.backend import backend
from oauthapps.oauth2.client_authentication import AuthenticatedClient, authenticate_client
from oauthapps.oauth2.grants import TokenResponse
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.oauth2.server import error_response, unreadable_response

Telling = Callable[[Parameters, AuthenticatedClient, Sender], token_inspection.Members]
Presenting = Callable[[Parameters], Presented | None]


@allow_only("POST")
def token(request: ProgramRequest) -> Answer:
    """Answer a token request (RFC 6749 section 3.2)."""
    return as_json(backend().token_response(request))


@allow_only("POST")
def jwt_exchange(request: ProgramRequest) -> Answer:
    """Exchange a JWT in the documented way: the JWT bearer grant under another name."""
    return as_json(backend().token_response(request, in_words_of_rfc_7523))


def in_words_of_rfc_7523(parameters: Parameters) -> Parameters:
    """Return the token request that a documented exchange means."""
    return {**parameters, "grant_type": JWT_BEARER, "assertion": parameters.get("jwt_token", "")}


def for_clients(tell: Telling, presented: Presenting = lambda _: None) -> Answering:
    """Return an endpoint that authenticates a client and answers it, or says what is wrong.

    Args:
        tell: makes the members of the answer.
        presented: says what to look up together with the client.
    """

    @allow_only("POST")
    def answered(request: ProgramRequest) -> Answer:
        application = None
        try:
            parameters = read_body(request)
            client = authenticate_client(
                request.authorization, parameters, request.sender, presented(parameters)
            )
            application = client.application
            return as_json(TokenResponse({}, json.dumps(tell(parameters, client, request.sender)), 200))
        except UnreadableRequestError as error:
            return as_json(unreadable_response(error, request.authorization, request.sender))
        except OAuth2Error as error:
            return as_json(error_response(error, application))

    return answered


revoke = for_clients(token_inspection.revoke)
introspect = for_clients(token_inspection.introspect, token_inspection.presented)


def as_json(response: TokenResponse) -> Answer:
    """Return an answer that no cache may keep."""
    headers, body, status, refusal = response
    return Answer(status, body.encode(), {"Content-Type": JSON, **NO_STORE, **headers}, refusal)
