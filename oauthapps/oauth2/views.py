"""The endpoints that clients call: no session, no cookies, no CSRF token; each answers in JSON."""

import json
from collections.abc import Callable
from functools import partial

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.generic import View
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2 import OAuth2Error

from accounts.actors import Actor, Sender
from oauthapps.app_types import JWT_BEARER
from oauthapps.doors.cors import cross_origin
from oauthapps.doors.methods import allow_only
from oauthapps.models.lookups import Presented
from oauthapps.oauth2 import token_inspection
from oauthapps.oauth2.backend import RequestBackend, as_json
from oauthapps.oauth2.client_authentication import AuthenticatedClient, authenticate_client
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError, read_body
from oauthapps.oauth2.server import error_response, unreadable_response

Answering = Callable[[Parameters, AuthenticatedClient, Sender], token_inspection.Answer]
Presenting = Callable[[Parameters], Presented | None]


def client_endpoint(
    answer: Answering, presented: Presenting = lambda _: None
) -> Callable[..., HttpResponseBase]:
    """Return a view that authenticates a client and sends it an answer, or says what is wrong.

    Args:
        answer: makes the answer.
        presented: says what to look up together with the client.
    """

    @csrf_exempt
    @login_not_required
    @allow_only("POST")
    @sensitive_variables()
    def view(request: HttpRequest) -> HttpResponse:
        authorization, sender = request.META.get("HTTP_AUTHORIZATION", ""), partial(Actor.somewhere, request)
        application = None
        try:
            parameters = read_body(request)
            client = authenticate_client(authorization, parameters, sender, presented(parameters))
            application = client.application
            return as_json(({}, json.dumps(answer(parameters, client, sender)), 200))
        except UnreadableRequestError as error:
            return as_json(unreadable_response(error, authorization, sender))
        except OAuth2Error as error:
            return as_json(error_response(error, application))

    return view


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class TokenView(OAuthLibMixin, View):
    """The token endpoint (RFC 6749 section 3.2)."""

    @method_decorator(sensitive_variables())
    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer a token request."""
        return self.backend.token_response(request, self.translate)

    def translate(self, parameters: Parameters) -> Parameters:
        """Return the token request that the endpoint's parameters mean."""
        return parameters

    @property
    def backend(self) -> RequestBackend:
        """Our side of django-oauth-toolkit."""
        backend: RequestBackend = self.get_oauthlib_core()
        return backend


class JwtExchangeView(TokenView):
    """The documented way to exchange a JWT: the JWT bearer grant under another name."""

    def translate(self, parameters: Parameters) -> Parameters:
        """Return the same request in RFC 7523's words."""
        return {**parameters, "grant_type": JWT_BEARER, "assertion": parameters.get("jwt_token", "")}


token = cross_origin(allow_only("POST")(TokenView.as_view()))
jwt_exchange = allow_only("POST")(JwtExchangeView.as_view())
revoke_token = cross_origin(client_endpoint(token_inspection.revoke))
introspect = client_endpoint(token_inspection.introspect, token_inspection.presented)
