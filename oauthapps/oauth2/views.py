"""The endpoints that clients call: no session, no cookies, no CSRF token; each answers in JSON."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.generic import View
from oauth2_provider.views.mixins import OAuthLibMixin

from oauthapps.app_types import JWT_BEARER
from oauthapps.oauth2.backend import RequestBackend
from oauthapps.oauth2.parameters import Parameters


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class TokenView(OAuthLibMixin, View):
    """The token endpoint (RFC 6749 section 3.2)."""

    http_method_names = ["post"]

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
