"""Reading what SCIM clients send. Attribute names are case-insensitive (RFC 7643 section 2.1)."""

import codecs
import json
from typing import Any

from oauthapps.http.messages import JSON, ApiRequest
from oauthapps.rules.credential_values import is_text
from oauthapps.scim.errors import SCIM_JSON, ScimError

Members = dict[str, Any]
# Some clients send no type.
TYPES = (SCIM_JSON, JSON, "")
TOO_LARGE = "The request is too large: the limit is 64 KiB."
OTHER_TYPE = "Send the body as application/scim+json."
NOT_JSON = "The body is not a JSON object."
NO_TEXT = "A value contains a NUL character or invalid Unicode."


def read_members(request: ApiRequest) -> Members:
    """Return the members of a request's body, with names in lower case.

    Raises:
        ScimError: when it is too large, of another type, or not a JSON object.
    """
    if request.content_type not in TYPES:
        raise ScimError(415, OTHER_TYPE)
    try:
        body = request.bounded_body()
        if body is None:
            raise ScimError(413, TOO_LARGE)
        members = json.loads(body.removeprefix(codecs.BOM_UTF8).decode())
    except (ValueError, OSError, RecursionError) as error:
        raise ScimError(400, NOT_JSON, "invalidSyntax") from error
    if not isinstance(members, dict):
        raise ScimError(400, NOT_JSON, "invalidSyntax")
    return folded(members)


def folded(members: Members) -> Members:
    """Return an object with its member names in lower case."""
    return {name.lower(): value for name, value in members.items()}


def text(value: Any, attribute: str) -> str:
    """Return an attribute's value as text without surrounding spaces; empty if it is null.

    Raises:
        ScimError: when it is of another type, or can't be stored.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ScimError(400, f"The attribute {attribute} must be a string.", "invalidValue")
    if not is_text(value):
        raise ScimError(400, NO_TEXT, "invalidValue")
    return value.strip()


def truth(value: Any, attribute: str) -> bool:
    """Return an attribute's value as true or false, which Microsoft Entra ID sends as "True" and "False".

    Raises:
        ScimError: when it is neither.
    """
    words = {"true": True, "false": False}
    found = words.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ScimError(400, f"The attribute {attribute} must be true or false.", "invalidValue")
    return found
