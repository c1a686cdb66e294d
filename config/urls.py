"""Every address of the installation. What is not listed here does not exist."""

from allauth.account import views as sign_in
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView

import accounts.converters  # noqa: F401  # makes <identifier:…> and <digest:…> known
from accounts.views import reauthentication
from accounts.views import second_factors as our_second_factors
from accounts.views import sign_in as our_sign_in
from accounts.views.first_password import first_password
from accounts.views.one_time_links import set_password
from accounts.views.second_factor import second_factor
from oauthapps.console.views import applications
from oauthapps.console.views.logos import logo
from oauthapps.http.messages import Endpoint
from oauthapps.oauth2.metadata import metadata
from server.pages.color_scheme import choose as choose_color_scheme

# Of django-allauth's pages only these: nobody registers, changes an address or signs in by code.
account_pages = [
    path("login/", our_sign_in.sign_in, name="account_login"),
    path("login/passkey/", our_sign_in.sign_in_with_passkey, name="mfa_login_webauthn"),
    path("login/second-factor/", second_factor, name="mfa_authenticate"),
    path("login/new-password/", first_password, name="first-password"),
    path("login/kept-form/", our_sign_in.kept_form, name="kept-form"),
    path("logout/", sign_in.logout, name="account_logout"),
    path("inactive/", sign_in.account_inactive, name="account_inactive"),
    path("reauthenticate/", reauthentication.password_again, name="account_reauthenticate"),
    path("reauthenticate/passkey/", reauthentication.passkey_again, name="mfa_reauthenticate_webauthn"),
    path("reauthenticate/code/", reauthentication.code_again, name="mfa_reauthenticate"),
    path("password/change/", our_second_factors.change_password, name="account_change_password"),
    path("password/reset/done/", sign_in.password_reset_done, name="account_reset_password_done"),
    path("password/link/", set_password, name="set-password"),
]

# Where password managers lead people (W3C, A Well-Known URL for Changing Passwords).
change_password = login_not_required(
    RedirectView.as_view(pattern_name="account_change_password", http_method_names=["get", "head"])
)

handler400 = "server.pages.error_pages.bad_request"
handler404 = "server.pages.error_pages.not_found"
handler429 = "accounts.sign_in_middleware.too_many_attempts"
handler500 = "server.pages.error_pages.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("accounts/", include(account_pages)),
    path("security/", include("accounts.security_urls")),
    path("", include("oauthapps.people.urls")),
    path("console/", include("oauthapps.console.urls")),
    re_path(r"^system/(?:oauth2?-applications/)?$", applications.index, name="system"),
    path("color-scheme/", choose_color_scheme, name="color-scheme"),
    path("connected/", include("oauthapps.connected.urls")),
    path("integrations/oauth2/", include("oauthapps.oauth2.urls")),
    path(".well-known/oauth-authorization-server", Endpoint(metadata, needs_database=False), name="metadata"),
    path(".well-known/change-password", change_password, name="change-password"),
    path("", include("oauthapps.api.urls")),
    path("logos/<digest:digest>.png", logo, name="logo"),
]
