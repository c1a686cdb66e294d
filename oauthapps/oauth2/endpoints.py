"""The endpoints at which a client asks about a token it holds, or a request of its own, in JSON."""

from collections.abc import Callable
from functools import partial

from oauthlib.oauth2 import OAuth2Error

from audit.actors import Sender
from oauthapps.http.decorators import allow_only
from oauthapps.http.errors import NO_STORE
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView, json_response
from oauthapps.oauth2 import explain_endpoint, token_inspection
from oauthapps.oauth2.client_authentication import AuthenticatedClient, authenticate_client
from oauthapps.oauth2.errors import error_response, unreadable_response
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.oauth2.usage import usage_of
from oauthapps.sql.clients import Presented

ClientView = Callable[[Parameters, AuthenticatedClient, Sender], token_inspection.Members]
FindPresented = Callable[[Parameters], Presented | None]


def for_clients(view: ClientView, presented: FindPresented = lambda _: None) -> ApiView:
    """Return an endpoint that authenticates a client and answers it, or says what is wrong.

    Args:
        view: makes the members of the response.
        presented: says what to look up together with the client.
    """

    @allow_only("POST")
    def endpoint(request: ApiRequest) -> ApiResponse:
        client = application = None
        try:
            parameters = read_body(request)
            client = authenticate_client(
                request.authorization, parameters, request.sender, presented(parameters)
            )
            application = client.application
            members = view(parameters, client, request.sender)
            response = json_response(members, headers=NO_STORE, client_id=application.client_id)
        except UnreadableRequestError as error:
            return unreadable_response(error, request.authorization, request.sender)
        except OAuth2Error as error:
            response = error_response(error, application)
        response.usage = client and partial(usage_of, client)
        return response

    return endpoint


revoke = for_clients(token_inspection.revoke)
introspect = for_clients(token_inspection.introspect, token_inspection.presented)
explain = for_clients(explain_endpoint.explain)
