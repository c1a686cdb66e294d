"""Between requests and the authorization server: django-oauth-toolkit's place for what it calls a backend."""

from collections.abc import Callable

from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.views.mixins import OAuthLibMixin

from oauthapps.doors.programs import ProgramRequest
from oauthapps.oauth2.grants import TokenResponse
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.oauth2.server import AuthorizationServer, unreadable_response


class RequestBackend(OAuthLibCore):
    """Reads a request once and strictly, and lets the server decide."""

    server: AuthorizationServer

    def token_response(
        self, request: ProgramRequest, translate: Callable[[Parameters], Parameters] = dict
    ) -> TokenResponse:
        """Return what answers a token request.

        Args:
            request: the request; its body is form or JSON.
            translate: makes the parameters of a token request from those that an endpoint takes.
        """
        try:
            parameters = translate(read_body(request))
        except UnreadableRequestError as error:
            return unreadable_response(error, request.authorization, request.sender)
        return self.server.token_response(parameters, request.authorization, request.sender)


def backend() -> RequestBackend:
    """Return our side of django-oauth-toolkit; it makes one for each process."""
    made: RequestBackend = OAuthLibMixin.get_oauthlib_core()
    return made
