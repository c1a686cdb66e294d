"""URLs of connected apps: what a person allowed, shortening and revoking it."""

from django.urls import path

from oauthapps.connected import views

app_name = "connected"
urlpatterns = [
    path("", views.apps, name="apps"),
    path("revocation/", views.revoke_all, name="revoke-all"),
    path("<identifier:client_id>/revocation/", views.revoke, name="revoke"),
    path("<identifier:client_id>/time-limit/", views.time_limit, name="time-limit"),
]
