"""Protected resource metadata (RFC 9728): how a client that was refused at an API finds this server.

It is here for the built-in API, and for APIs whose identifiers lie under this installation's origin. An API
at another host says it there.
"""

from urllib.parse import unquote

from django.conf import settings
from django.core.handlers.wsgi import get_path_info

from oauthapps.http.decorators import allow_only, public
from oauthapps.http.errors import error_response
from oauthapps.http.issuer import guide_path
from oauthapps.http.messages import ApiRequest, ApiResponse, json_response
from oauthapps.rules.apis.identifiers import canonical
from oauthapps.sql.catalog import built_in_identifier, current_catalog

WELL_KNOWN = "/.well-known/oauth-protected-resource"  # RFC 9728 section 3.1
UNKNOWN = "There is no API with this identifier here."


@public
@allow_only("GET", "HEAD")
def metadata(request: ApiRequest) -> ApiResponse:
    """Return the metadata document of the API whose path follows the well-known one."""
    asked = canonical(identifier_in(request))
    apis = current_catalog().apis
    api = next((api for api in apis if unquote(api.identifier) == asked), None)
    if api is None:
        return error_response(404, "not_found", UNKNOWN)
    document = {
        "resource": api.identifier,
        "authorization_servers": [str(settings.BASE_URL)],
        "scopes_supported": list(api.sentences),
        "bearer_methods_supported": ["header"],
        "resource_name": api.name,
    }
    if api.identifier == built_in_identifier():
        document["resource_documentation"] = f"{settings.BASE_URL}{guide_path()}"
    return json_response(document, headers={"Cache-Control": "public, max-age=3600"})


def identifier_in(request: ApiRequest) -> str:
    """Return the identifier that a URL of metadata stands for, percent-decoded."""
    path = get_path_info(request.environ).removeprefix(WELL_KNOWN)
    query = f"?{request.query}" if request.query else ""
    return f"{settings.BASE_URL}{path}{query}"


def metadata_url(identifier: str = "") -> str:
    """Return where a client that was refused finds the metadata of an API.

    Args:
        identifier: its identifier, canonical; empty for the built-in one.

    Returns:
        The URL; empty for an API at another host.
    """
    ours = built_in_identifier()
    below = identifier.removeprefix(ours) if identifier else ""
    is_ours = not identifier or (identifier.startswith(ours) and below[:1] in {"", "/", "?"})
    return f"{ours}{WELL_KNOWN}{below}" if is_ours else ""
