"""The resource server's door."""

from django.urls import path, re_path

from oauthapps.api import views
from oauthapps.api.verification import verify
from oauthapps.doors.cors import cross_origin

app_name = "api"
urlpatterns = [
    path("api/v1/me", cross_origin(views.me), name="me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/me$", views.user_me, name="user-me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/search$", views.user_search, name="user-search"),
    re_path(r"^integrations/oauth2/api/v1/verify(?P<path>/[\s\S]*)?\Z", verify, name="verify"),
]
