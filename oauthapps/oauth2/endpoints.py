"""The endpoints at which a client asks about a token it holds; each answers in JSON."""

from collections.abc import Callable

from oauthlib.oauth2 import OAuth2Error

from accounts.actors import Sender
from oauthapps.doors.errors import NO_STORE
from oauthapps.doors.methods import allow_only
from oauthapps.doors.programs import Answer, Answering, ProgramRequest, json_answer
from oauthapps.oauth2 import token_inspection
from oauthapps.oauth2.client_authentication import AuthenticatedClient, authenticate_client
from oauthapps.oauth2.errors import error_answer, unreadable_answer
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.sql.clients import Presented

Telling = Callable[[Parameters, AuthenticatedClient, Sender], token_inspection.Members]
Presenting = Callable[[Parameters], Presented | None]


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
            return json_answer(tell(parameters, client, request.sender), headers=NO_STORE)
        except UnreadableRequestError as error:
            return unreadable_answer(error, request.authorization, request.sender)
        except OAuth2Error as error:
            return error_answer(error, application)

    return answered


revoke = for_clients(token_inspection.revoke)
introspect = for_clients(token_inspection.introspect, token_inspection.presented)
