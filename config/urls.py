"""Every address of the installation. What is not listed here does not exist."""

from allauth.account import views as sign_in
from django.urls import include, path

import accounts.converters  # noqa: F401  # makes <identifier:…> and <digest:…> known
from accounts.password_links import set_password
from config.color_scheme import choose as choose_color_scheme
from oauthapps.console.views.logos import logo
from oauthapps.oauth2.metadata import metadata

# Of django-allauth's pages only these: nobody registers, changes an address or signs in by code.
account_pages = [
    path("login/", sign_in.login, name="account_login"),
    path("logout/", sign_in.logout, name="account_logout"),
    path("inactive/", sign_in.account_inactive, name="account_inactive"),
    path("reauthenticate/", sign_in.reauthenticate, name="account_reauthenticate"),
    path("password/change/", sign_in.password_change, name="account_change_password"),
    path("password/reset/done/", sign_in.password_reset_done, name="account_reset_password_done"),
    path("password/link/", set_password, name="set-password"),
    path("2fa/", include("allauth.mfa.urls")),
]

handler400 = "config.error_pages.bad_request"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("accounts/", include(account_pages)),
    path("console/", include("oauthapps.console.urls")),
    path("color-scheme/", choose_color_scheme, name="color-scheme"),
    path("connected/", include("oauthapps.connected.urls")),
    path("integrations/oauth2/", include("oauthapps.oauth2.urls")),
    path(".well-known/oauth-authorization-server", metadata, name="metadata"),
    path("", include("oauthapps.api.urls")),
    path("logos/<digest:digest>.png", logo, name="logo"),
]
