"""What this server supports, and which attributes: public (RFC 7643 sections 5 to 7)."""

from typing import Any

from django.core.handlers.wsgi import get_path_info

from oauthapps.http.issuer import guide_path, issuer, scim_url
from oauthapps.http.messages import ApiRequest, ApiResponse
from oauthapps.scim.attributes import CORE_USER
from oauthapps.scim.errors import ScimError
from oauthapps.scim.resources import Resource, list_response, scim_response
from oauthapps.scim.users import MOST_COUNT

SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0"
NOT_SUPPORTED = {"supported": False}
NO_SUCH_SCHEMA = "There is no schema with this id."
NO_SUCH_TYPE = "There is no resource type with this name."


def provider_config(_request: ApiRequest) -> ApiResponse:
    """Return which parts of SCIM are supported (RFC 7643 section 5)."""
    scheme = {
        "type": "oauthbearertoken",
        "name": "SCIM token",
        "description": "A SCIM token of this installation, sent as a Bearer token",
        "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
        "primary": True,
    }
    return scim_response(
        {
            "schemas": [f"{SCHEMAS}:ServiceProviderConfig"],
            "documentationUri": f"{issuer()}{guide_path()}",
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST_COUNT},
            "changePassword": NOT_SUPPORTED,
            "sort": NOT_SUPPORTED,
            "etag": NOT_SUPPORTED,
            "authenticationSchemes": [scheme],
            "meta": meta_of("ServiceProviderConfig", "ServiceProviderConfig"),
        }
    )


def resource_types(_request: ApiRequest) -> ApiResponse:
    """Return the resource types, which are people only (RFC 7643 section 6)."""
    return list_response([user_type()], 1)


def resource_type(request: ApiRequest) -> ApiResponse:
    """Return one resource type."""
    if last_part(request) != "User":
        return ScimError(404, NO_SUCH_TYPE).response()
    return scim_response(user_type())


def schemas(_request: ApiRequest) -> ApiResponse:
    """Return the schemas of resources (RFC 7643 section 7)."""
    return list_response([user_schema()], 1)


def schema(request: ApiRequest) -> ApiResponse:
    """Return one schema."""
    if last_part(request) != CORE_USER:
        return ScimError(404, NO_SUCH_SCHEMA).response()
    return scim_response(user_schema())


def last_part(request: ApiRequest) -> str:
    """Return the part of a request's path after the last slash."""
    return get_path_info(request.environ).rpartition("/")[2]


def user_type() -> Resource:
    """Return the resource type of people."""
    return {
        "schemas": [f"{SCHEMAS}:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person",
        "schema": CORE_USER,
        "meta": meta_of("ResourceType", "ResourceTypes/User"),
    }


def user_schema() -> Resource:
    """Return the schema of people: the supported attributes."""
    name = [
        attribute("formatted", "The full name"),
        attribute("familyName", "The last name"),
        attribute("givenName", "The first name"),
    ]
    emails = [
        attribute("value", "An email address", required=True, uniqueness="server"),
        attribute("type", "The kind of address: work", canonicalValues=["work"]),
        attribute("primary", "Whether this is the primary address", type="boolean"),
    ]
    attributes = [
        attribute(
            "userName",
            "The name that the directory identifies the person by",
            required=True,
            uniqueness="server",
        ),
        attribute("name", "The person's name", type="complex", subAttributes=name),
        attribute("displayName", "The name that pages show"),
        attribute(
            "emails",
            "The email address",
            type="complex",
            multiValued=True,
            required=True,
            subAttributes=emails,
        ),
        attribute("active", "Whether the person may sign in", type="boolean"),
    ]
    return {
        "schemas": [f"{SCHEMAS}:Schema"],
        "id": CORE_USER,
        "name": "User",
        "description": "A person",
        "attributes": attributes,
        "meta": meta_of("Schema", f"Schemas/{CORE_USER}"),
    }


def attribute(name: str, description: str, **more: Any) -> Resource:
    """Return the definition of an attribute: optional text unless specified otherwise."""
    usual = {
        "type": "string",
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {"name": name, "description": description, **usual, **more}


def meta_of(kind: str, path: str) -> Resource:
    """Return the metadata of one of these resources."""
    return {"resourceType": kind, "location": f"{scim_url()}/{path}"}
