"""URLs of provisioning (RFC 7644 section 3.2)."""

from django.urls import path, re_path

from audit.actors import Actor
from oauthapps.http.decorators import allow_only
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView, Endpoint
from oauthapps.rules.recorded_endpoints import RecordedEndpoint
from oauthapps.scim import discovery, users
from oauthapps.scim.authentication import ScimView, token_required
from oauthapps.scim.errors import ScimError, method_refused

NO_GROUPS = "Groups can't be provisioned here. Turn off group provisioning in your directory."
NO_SUCH_ENDPOINT = "There is no SCIM endpoint at this URL."


def call(view: ScimView, *methods: str) -> Endpoint:
    """Return the endpoint of a call that requires a token."""
    allowed = allow_only(*methods, refuse=method_refused)
    return Endpoint(allowed(token_required(view)), recorded_as=RecordedEndpoint.SCIM)


def document(view: ApiView) -> Endpoint:
    """Return the endpoint of a public document (RFC 7643 section 5)."""
    return Endpoint(
        allow_only("GET", "HEAD", refuse=method_refused)(view), only_reads=True, needs_database=False
    )


def no_groups(request: ApiRequest, actor: Actor) -> ApiResponse:  # noqa: ARG001
    """Say that there are no groups."""
    raise ScimError(404, NO_GROUPS, fix=NO_GROUPS)


def not_found(request: ApiRequest, actor: Actor) -> ApiResponse:  # noqa: ARG001
    """Say that there is no such endpoint."""
    raise ScimError(404, NO_SUCH_ENDPOINT)


EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

app_name = "scim"
urlpatterns = [
    path("Users", call(users.users, "GET", "HEAD", "POST"), name="users"),
    re_path(r"^Users/[^/]+\Z", call(users.user, "GET", "HEAD", "PUT", "PATCH", "DELETE"), name="user"),
    path("ServiceProviderConfig", document(discovery.provider_config), name="provider-config"),
    path("ResourceTypes", document(discovery.resource_types), name="resource-types"),
    re_path(r"^ResourceTypes/[^/]+\Z", document(discovery.resource_type), name="resource-type"),
    path("Schemas", document(discovery.schemas), name="schemas"),
    re_path(r"^Schemas/[^/]+\Z", document(discovery.schema), name="schema"),
    re_path(r"^Groups(?:/[^/]+)?\Z", call(no_groups, *EVERY_METHOD), name="groups"),
    # Last: everything else.
    re_path(r"^[\s\S]*\Z", call(not_found, *EVERY_METHOD), name="not-found"),
]
