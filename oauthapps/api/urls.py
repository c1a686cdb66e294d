"""URLs of the built-in API, and of token verification for proxies."""

from django.urls import include, path, re_path

from oauthapps.api import attask, views
from oauthapps.api.protected_resources import metadata
from oauthapps.api.verification import verify
from oauthapps.http.decorators import cross_origin
from oauthapps.http.messages import ApiView, Endpoint
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

# Clients name the version of the API that they were written for.
ATTASK = r"^attask/api/(?P<version>[^/]+)"


def call(view: ApiView) -> Endpoint:
    """Return the endpoint of a call of the API, for scripts of other origins as well."""
    return Endpoint(cross_origin(view), recorded_as=RecordedEndpoint.API)


app_name = "api"
urlpatterns = [
    path(
        ".well-known/",
        include(
            [
                re_path(
                    r"^oauth-protected-resource(?:/[\s\S]*)?\Z",
                    Endpoint(metadata, only_reads=True),
                    name="protected-resource",
                )
            ]
        ),
    ),
    path("api/v1/me", call(views.me), name="me"),
    re_path(rf"{ATTASK}/user/me\Z", call(attask.user_me), name="user-me"),
    re_path(rf"{ATTASK}/user/search\Z", call(attask.user_search), name="user-search"),
    re_path(rf"{ATTASK}/logout\Z", call(attask.logout), name="logout"),
    # Last of them: all that is not listed.
    re_path(r"^attask/", call(attask.not_found), name="attask"),
    # Proxies append the path they ask about.
    re_path(
        r"^integrations/oauth2/api/v1/verify(?:/[\s\S]*)?\Z",
        Endpoint(verify, only_reads=True, ignores_body=True, recorded_as=RecordedEndpoint.VERIFY),
        name="verify",
    ),
]
