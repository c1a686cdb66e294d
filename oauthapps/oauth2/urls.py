"""The clients' door. Endpoints are mounted one by one, under the names django-oauth-toolkit knows them by."""

from django.urls import path

from oauthapps.oauth2 import authorization, views

app_name = "oauth2_provider"
urlpatterns = [
    path("authorize", authorization.AuthorizationView.as_view(), name="authorize"),
    path("authorize/switch-account", authorization.switch_account, name="switch-account"),
    path("api/v1/token", views.token, name="token"),
    path("api/v1/jwt/exchange", views.jwt_exchange, name="jwt-exchange"),
    path("api/v1/revoke", views.revoke_token, name="revoke-token"),
    path("api/v1/introspect", views.introspect, name="introspect"),
]
