"""People as SCIM resources (RFC 7643 section 4.1), whole or with only the requested attributes."""

from datetime import UTC, datetime
from typing import Any

from accounts.models import ProvisionedPerson, User
from oauthapps.http.issuer import scim_url
from oauthapps.http.messages import ApiResponse, json_response
from oauthapps.scim.attributes import CORE_USER
from oauthapps.scim.errors import SCIM_JSON
from oauthapps.scim.filters import without_schema

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
# Returned whatever attributes are requested (RFC 7643 section 7, "returned").
ALWAYS = ("schemas", "id")
Resource = dict[str, Any]


def scim_response(
    resource: Resource, status: int = 200, headers: dict[str, str] | None = None
) -> ApiResponse:
    """Return a response with a resource."""
    return json_response(resource, status, {"Content-Type": SCIM_JSON, **(headers or {})})


def list_response(resources: list[Resource], total: int, start: int = 1) -> ApiResponse:
    """Return a response with some resources (RFC 7644 section 3.4.2).

    Args:
        resources: those of this page.
        total: how many there are on all pages.
        start: the number of the first one.
    """
    members = {"totalResults": total, "startIndex": start, "itemsPerPage": len(resources)}
    return scim_response({"schemas": [LIST_RESPONSE], **members, "Resources": resources})


def location_of(person: User) -> str:
    """Return the URL of a person."""
    return f"{scim_url()}/Users/{person.user_id}"


def user_resource(person: User, asked_as: str = "") -> Resource:
    """Return a person as a resource. Attributes without a value are left out.

    Args:
        person: the person, with `provisioned` selected.
        asked_as: the user name that they were found by.
    """
    names: ProvisionedPerson | None = getattr(person, "provisioned", None)
    parts = {"givenName": names.given_name, "familyName": names.family_name} if names else {}
    formatted = (names.full_name if names else "") or person.display_name
    meta = {
        "resourceType": "User",
        "created": timestamp(person.created_at),
        "lastModified": timestamp(names.changed_at if names else person.created_at),
        "location": location_of(person),
    }
    return {
        "schemas": [CORE_USER],
        "id": person.user_id,
        **({"externalId": person.external_id} if person.external_id else {}),
        "userName": names.user_name if names else unnamed(person, asked_as),
        "name": {"formatted": formatted, **{name: part for name, part in parts.items() if part}},
        "displayName": person.display_name,
        "emails": [{"value": person.email, "type": "work", "primary": True}],
        "active": person.is_active,
        "meta": meta,
    }


def unnamed(person: User, asked_as: str) -> str:
    """Return the user name of a person who isn't in any directory yet: the one they were looked up by."""
    return person.username if asked_as.lower() == person.username.lower() else person.email


def timestamp(at: datetime) -> str:
    """Return a time as SCIM writes it (RFC 7643 section 2.3.5)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def selected(resource: Resource, attributes: str, excluded: str) -> Resource:
    """Return the attributes of a resource that a client requests (RFC 7644 section 3.9).

    Args:
        resource: the resource.
        attributes: the requested ones, separated by commas; empty for all.
        excluded: the excluded ones; ignored if some are requested.
    """
    if wanted := names_in(attributes):
        return {name: value for name, value in picked(resource, wanted).items() if value not in ({}, None)}
    unwanted = names_in(excluded)
    return {name: value for name, value in resource.items() if name in ALWAYS or name.lower() not in unwanted}


def picked(resource: Resource, wanted: set[str]) -> Resource:
    """Return the attributes with these names, including single sub-attributes of complex ones."""
    kept: Resource = {}
    for name, value in resource.items():
        if name in ALWAYS or name.lower() in wanted:
            kept[name] = value
        elif isinstance(value, dict):
            kept[name] = {part: each for part, each in value.items() if f"{name}.{part}".lower() in wanted}
        elif any(each.startswith(f"{name.lower()}.") for each in wanted):
            kept[name] = value
    return kept


def names_in(parameter: str) -> set[str]:
    """Return the attribute names in a parameter, in lower case."""
    return {without_schema(name.strip()).lower() for name in parameter.split(",") if name.strip()}
