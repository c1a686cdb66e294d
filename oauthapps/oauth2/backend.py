"""Between Django's requests and the authorization server."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from oauth2_provider.oauth2_backends import OAuthLibCore

from accounts.actors import Actor
from oauthapps.doors.errors import NO_STORE
from oauthapps.oauth2.grants import TokenResponse
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.oauth2.server import AuthorizationServer, unreadable_response


class RequestBackend(OAuthLibCore):
    """Reads a request once and strictly, lets the server decide, and writes the answer."""

    server: AuthorizationServer

    def token_response(
        self, request: HttpRequest, translate: Callable[[Parameters], Parameters] = dict
    ) -> HttpResponse:
        """Answer a token request.

        Args:
            request: the request; its body is form or JSON.
            translate: makes the parameters of a token request from those that an endpoint takes.
        """
        authorization, sender = request.META.get("HTTP_AUTHORIZATION", ""), partial(Actor.somewhere, request)
        try:
            parameters = translate(read_body(request))
        except UnreadableRequestError as error:
            return as_json(unreadable_response(error, authorization, sender))
        return as_json(self.server.token_response(parameters, authorization, sender))


def as_json(answer: TokenResponse) -> HttpResponse:
    """Return the answer as a response that no cache may keep."""
    headers, body, status = answer
    return HttpResponse(body, status=status, content_type="application/json", headers={**NO_STORE, **headers})
