"""Every URL of the installation. What is not listed here does not exist."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView

import common.converters  # noqa: F401  # makes <identifier:…> and <digest:…> known
from oauthapps.console.views import applications
from oauthapps.console.views.logos import logo
from oauthapps.http.messages import Endpoint
from oauthapps.oauth2.metadata import metadata
from server import probes
from server.metrics.page import metrics
from server.pages.color_scheme import choose as choose_color_scheme

# Where password managers lead people (W3C, A Well-Known URL for Changing Passwords).
change_password = login_not_required(
    RedirectView.as_view(pattern_name="account_change_password", http_method_names=["get", "head"])
)

handler400 = "server.pages.error_pages.bad_request"
handler404 = "server.pages.error_pages.not_found"
handler429 = "accounts.middleware.sign_in.too_many_attempts"
handler500 = "server.pages.error_pages.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("oauthapps.people.urls")),
    path("console/", include("oauthapps.console.urls")),
    re_path(r"^system/(?:oauth2?-applications/)?$", applications.index, name="system"),
    path("sign-in/provisioning/", include("oauthapps.console.scim_token_urls")),
    path("color-scheme/", choose_color_scheme, name="color-scheme"),
    path("connected/", include("oauthapps.connected.urls")),
    path("docs/", include("server.guide.urls")),
    path("integrations/oauth2/", include("oauthapps.oauth2.urls")),
    path(".well-known/oauth-authorization-server", Endpoint(metadata, needs_database=False), name="metadata"),
    path(".well-known/change-password", change_password, name="change-password"),
    path("", include("oauthapps.api.urls")),
    path("scim/v2/", include("oauthapps.scim.urls")),
    path("healthz", Endpoint(probes.live, needs_database=False, is_probe=True), name="healthz"),
    path("readyz", Endpoint(probes.ready, is_probe=True), name="readyz"),
    path("metrics", Endpoint(metrics, needs_database=False, is_probe=True), name="metrics"),
    path("logos/<digest:digest>.png", logo, name="logo"),
]
