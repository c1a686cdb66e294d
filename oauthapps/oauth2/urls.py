"""URLs of the authorization server, mounted one by one under the names django-oauth-toolkit knows them by."""

from django.urls import path

from oauthapps.http.decorators import cross_origin
from oauthapps.http.messages import Endpoint
from oauthapps.oauth2 import authorization, endpoints, token_endpoint
from oauthapps.oauth2.consent_preview import preview
from oauthapps.oauth2.switch_account import switch_account
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

app_name = "oauth2_provider"
urlpatterns = [
    path("authorize", authorization.AuthorizationView.as_view(), name="authorize"),
    path("authorize/switch-account", switch_account, name="switch-account"),
    path("authorize/preview/<identifier:client_id>", preview, name="consent-preview"),
    path(
        "api/v1/token",
        Endpoint(cross_origin(token_endpoint.token), recorded_as=RecordedEndpoint.TOKEN),
        name="token",
    ),
    path(
        "api/v1/jwt/exchange",
        Endpoint(token_endpoint.jwt_exchange, recorded_as=RecordedEndpoint.EXCHANGE),
        name="jwt-exchange",
    ),
    path(
        "api/v1/revoke",
        Endpoint(cross_origin(endpoints.revoke), recorded_as=RecordedEndpoint.REVOKE),
        name="revoke-token",
    ),
    path(
        "api/v1/introspect",
        Endpoint(endpoints.introspect, only_reads=True, recorded_as=RecordedEndpoint.INTROSPECT),
        name="introspect",
    ),
    path("api/v1/explain", Endpoint(endpoints.explain, only_reads=True), name="explain"),
]
