"""The resource server's door."""

from django.urls import path, re_path

from oauthapps.api import views

app_name = "api"
urlpatterns = [
    path("api/v1/me", views.me, name="me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/me$", views.user_me, name="user-me"),
    re_path(r"^attask/api/(?P<version>[^/]+)/user/search$", views.user_search, name="user-search"),
]
