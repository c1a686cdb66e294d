"""Changes to single attributes (RFC 7644 section 3.5.2), in every form that directories send.

Microsoft Entra ID writes "Replace" for "replace", and dotted names in operations without a path.
"""

import re
from typing import Any

from accounts.services.directory_names import Described
from oauthapps.scim.attributes import READERS
from oauthapps.scim.bodies import Members, folded, text
from oauthapps.scim.errors import ScimError
from oauthapps.scim.filters import plain_attribute

MOST_OPERATIONS = 100
OPERATIONS = ("add", "replace", "remove")
PATH = re.compile(r"[A-Za-z][\w:.$-]*(?:\[[^\]]+\](?:\.\w+)?)?")
NO_OPERATIONS = "Operations must be a list of 1 to 100 objects."
NO_SUCH_OPERATION = "The op of an operation must be add, replace, or remove."
NO_PATH = "The path of an operation can't be read."
NO_TARGET = "A remove operation needs a path."
NO_OBJECT = "An operation without a path needs an object as its value."
NEEDED = "This attribute is required and can't be removed. Replace it instead."
NEVER_REMOVED = ("username", "active", "emails", "emails.value")


def said_in_patch(members: Members) -> Described:
    """Return the result of all operations of a patch, in order.

    Raises:
        ScimError: when one can't be read, or would remove a required attribute.
    """
    operations = members.get("operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise ScimError(400, NO_OPERATIONS, "invalidSyntax")
    said: Described = {}
    for operation in operations:
        if not isinstance(operation, dict):
            raise ScimError(400, NO_OPERATIONS, "invalidSyntax")
        said.update(said_in_operation(folded(operation)))
    return said


def said_in_operation(operation: Members) -> Described:
    """Return what one operation says."""
    kind, path = text(operation.get("op"), "op").lower(), text(operation.get("path"), "path")
    if kind not in OPERATIONS:
        raise ScimError(400, NO_SUCH_OPERATION, "invalidSyntax")
    if path:
        return said_at(path, None if kind == "remove" else operation.get("value"), removes=kind == "remove")
    if kind == "remove":
        raise ScimError(400, NO_TARGET, "noTarget")
    values = operation.get("value")
    if not isinstance(values, dict):
        raise ScimError(400, NO_OBJECT, "invalidValue")
    said: Described = {}
    for name, value in values.items():
        said.update(said_at(name, value))
    return said


def said_at(path: str, value: Any, *, removes: bool = False) -> Described:
    """Return what a value at a path says; nothing if the attribute isn't supported."""
    if not PATH.fullmatch(path):
        raise ScimError(400, NO_PATH, "invalidPath")
    attribute = plain_attribute(path)
    if removes and attribute in NEVER_REMOVED:
        raise ScimError(400, NEEDED, "mutability")
    if removes and attribute == "name":
        value = {"givenName": None, "familyName": None}
    reader = READERS.get(attribute)
    return reader(value) if reader else {}
