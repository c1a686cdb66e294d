"""The resource server's door."""

from django.urls import path, re_path

from oauthapps.api import views
from oauthapps.api.verification import verify
from oauthapps.doors.cors import cross_origin
from oauthapps.doors.programs import Endpoint

app_name = "api"
urlpatterns = [
    path("api/v1/me", Endpoint(cross_origin(views.me)), name="me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/me$", Endpoint(views.user_me), name="user-me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/search$", Endpoint(views.user_search), name="user-search"),
    # Proxies append the path they ask about.
    re_path(r"^integrations/oauth2/api/v1/verify(?:/[\s\S]*)?\Z", Endpoint(verify), name="verify"),
]
