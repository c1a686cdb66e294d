"""Reading what a client says about a person: the attributes that are supported here; others are ignored.

Directories send more than most applications use, such as titles and phone numbers.
"""

from collections.abc import Callable
from typing import Any

from accounts.services.directory_names import Described
from oauthapps.scim.bodies import Members, folded, text, truth
from oauthapps.scim.errors import ScimError

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
NEEDED = "The attribute {} is required."


def said_in(members: Members) -> Described:
    """Return what the members of a resource say; member names are in lower case.

    Raises:
        ScimError: when a value can't be read.
    """
    said: Described = {}
    for name, value in members.items():
        if reader := READERS.get(name):
            said.update(reader(value))
    return said


def user_name(value: Any) -> Described:
    """Return a userName, which is required."""
    name = text(value, "userName")
    if not name:
        raise ScimError(400, NEEDED.format("userName"), "invalidValue")
    return {"user_name": name}


def external_id(value: Any) -> Described:
    """Return an externalId; None removes it."""
    return {"external_id": text(value, "externalId") or None}


def active(value: Any) -> Described:
    """Return whether the person is active; nothing if that is null."""
    return {} if value is None else {"active": truth(value, "active")}


def display_name(value: Any) -> Described:
    """Return a displayName."""
    return {"name": text(value, "displayName")}


def name(value: Any) -> Described:
    """Return the parts of a name, and the whole name if it is given."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ScimError(400, "The attribute name must be an object.", "invalidValue")
    said: Described = {}
    for part, of_part in folded(value).items():
        if reader := READERS.get(f"name.{part}"):
            said.update(reader(of_part))
    return said


def given_name(value: Any) -> Described:
    """Return a first name."""
    return {"given_name": text(value, "name.givenName")}


def family_name(value: Any) -> Described:
    """Return a last name."""
    return {"family_name": text(value, "name.familyName")}


def formatted(value: Any) -> Described:
    """Return a whole name, which pages show if there is no displayName."""
    return {"whole_name": text(value, "name.formatted")}


def emails(value: Any) -> Described:
    """Return one of several email addresses: the primary one, else the one for work, else the first."""
    rows = value if isinstance(value, list) else [value]
    found = [folded(row) if isinstance(row, dict) else {"value": row} for row in rows if row]
    found.sort(key=lambda row: (row.get("primary") is not True, row.get("type") != "work"))
    return email(found[0].get("value")) if found else {}


def email(value: Any) -> Described:
    """Return an email address; nothing if it is empty, because everybody has one here."""
    address = text(value, "emails")
    return {"email": address} if address else {}


# By the attribute, in lower case.
READERS: dict[str, Callable[[Any], Described]] = {
    "username": user_name,
    "externalid": external_id,
    "active": active,
    "name": name,
    "name.formatted": formatted,
    "name.givenname": given_name,
    "name.familyname": family_name,
    "displayname": display_name,
    "emails": emails,
    "emails.value": email,
}
