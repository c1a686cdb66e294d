"""The clients' door. Endpoints are mounted one by one, under the names django-oauth-toolkit knows them by."""

from django.urls import path

from oauthapps.oauth2 import authorization, views

app_name = "oauth2_provider"
urlpatterns = [
    path("authorize", authorization.AuthorizationView.as_view(), name="authorize"),
    path("authorize/switch-account", authorization.switch_account, name="switch-account"),
    path("api/v1/token", views.TokenView.as_view(), name="token"),
    path("api/v1/jwt/exchange", views.JwtExchangeView.as_view(), name="jwt-exchange"),
]
