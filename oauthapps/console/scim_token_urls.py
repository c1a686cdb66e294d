"""URLs of the provisioning pages, under those of sign-in."""

from django.urls import path

from oauthapps.console.views import scim_tokens

urlpatterns = [
    path("", scim_tokens.scim_tokens, name="scim-tokens"),
    path("stored/", scim_tokens.stored, name="scim-token-stored"),
    path("<int:pk>/deletion/", scim_tokens.delete, name="delete-scim-token"),
]
