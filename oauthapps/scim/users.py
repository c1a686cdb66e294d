"""/Users: creating, finding, changing, and deactivating people (RFC 7644 section 3)."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.core.exceptions import ValidationError
from django.core.handlers.wsgi import get_path_info

from accounts.models import User
from accounts.services.directory_names import Described, visible_people
from accounts.services.emergency_account import EMERGENCY_ACCOUNT_STAYS
from accounts.services.people import LAST_ADMINISTRATOR
from audit.actors import Actor
from oauthapps.http.messages import ApiRequest, ApiResponse
from oauthapps.rules.credential_values import is_text
from oauthapps.scim.attributes import NEEDED, said_in
from oauthapps.scim.bodies import read_members
from oauthapps.scim.errors import ScimError
from oauthapps.scim.filters import QUESTIONS, conditions_in
from oauthapps.scim.patches import said_in_patch
from oauthapps.scim.resources import (
    Resource,
    list_response,
    location_of,
    scim_response,
    selected,
    user_resource,
)
from oauthapps.services.directory import (
    NOT_INVITED,
    PROTECTED_EMAIL,
    TAKEN,
    change_provisioned,
    provision,
    remove_provisioned,
)

# Resources per page: by default, and at most.
USUAL_COUNT, MOST_COUNT = 100, 200
NO_SUCH_PERSON = "There is no person with this id."
# Whole numbers of a length that takes no time to parse.
WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
NO_NUMBER = "startIndex and count must be whole numbers."
FIND_FIRST = "Configure the directory to match people by userName, externalId, or email address."
# Why a person can't be deactivated, or let in, for now.
KEPT = frozenset({LAST_ADMINISTRATOR, EMERGENCY_ACCOUNT_STAYS, NOT_INVITED})
# Our fields, by the names that clients know.
ATTRIBUTES = {
    "email": "emails",
    "external_id": "externalId",
    "family_name": "name.familyName",
    "folded_user_name": "userName",
    "given_name": "name.givenName",
    "name": "displayName",
    "user_name": "userName",
    "username": "userName",
}


def users(request: ApiRequest, actor: Actor) -> ApiResponse:
    """Create a person, or list people."""
    return create(request, actor) if request.method == "POST" else find(request)


def create(request: ApiRequest, actor: Actor) -> ApiResponse:
    """Create a person (RFC 7644 section 3.3)."""
    said = said_in(read_members(request))
    if "user_name" not in said:
        raise ScimError(400, NEEDED.format("userName"), "invalidValue")
    try:
        person = provision(said, actor=actor)
    except ValidationError as error:
        raise refused(error) from error
    resource = shown(request, find_person(person.user_id))
    return scim_response(resource, 201, {"Location": location_of(person)})


def find(request: ApiRequest) -> ApiResponse:
    """List people, oldest first: all, or those that match a filter (RFC 7644 section 3.4.2)."""
    asked = parameters_of(request)
    conditions = conditions_in(asked["filter"]) if asked.get("filter") else []
    start, count = whole(asked, "startIndex", 1), whole(asked, "count", USUAL_COUNT)
    start, count = max(start, 1), min(max(count, 0), MOST_COUNT)
    rows = visible_people().filter(*(QUESTIONS[each.attribute](each.value) for each in conditions))
    page = list(rows.select_related("provisioned").order_by("pk")[start - 1 : start - 1 + count])
    is_all = start == 1 and len(page) < count
    total = len(page) if is_all else rows.count()
    asked_as = next((each.value for each in conditions if each.attribute == "username"), "")
    return list_response([shown(request, person, asked_as) for person in page], total, start)


def user(request: ApiRequest, actor: Actor) -> ApiResponse:
    """Show, replace, change, or remove one person."""
    person = find_person(get_path_info(request.environ).rpartition("/")[2])
    try:
        return ACTS[request.method](request, person, actor)
    except ScimError as error:
        error.username = person.username
        raise


def show(request: ApiRequest, person: User, _actor: Actor) -> ApiResponse:
    """Show a person (RFC 7644 section 3.4.1)."""
    return scim_response(shown(request, person))


def replace(request: ApiRequest, person: User, actor: Actor) -> ApiResponse:
    """Replace a person with a whole resource (RFC 7644 section 3.5.1); what it leaves out stays the same."""
    said = said_in(read_members(request))
    if "user_name" not in said:
        raise ScimError(400, NEEDED.format("userName"), "invalidValue")
    return change(request, person, actor, said)


def patch(request: ApiRequest, person: User, actor: Actor) -> ApiResponse:
    """Apply the operations of a request to a person (RFC 7644 section 3.5.2)."""
    return change(request, person, actor, said_in_patch(read_members(request)))


def remove(_request: ApiRequest, person: User, actor: Actor) -> ApiResponse:
    """Deactivate a person; clients don't see them from then on (RFC 7644 section 3.6)."""
    try:
        remove_provisioned(person, actor=actor)
    except ValidationError as error:
        raise refused(error) from error
    return ApiResponse(204)


def change(request: ApiRequest, person: User, actor: Actor, said: Described) -> ApiResponse:
    """Change a person, and show the result."""
    try:
        change_provisioned(person, said, actor=actor)
    except ValidationError as error:
        raise refused(error) from error
    return scim_response(shown(request, find_person(person.user_id)))


ACTS: dict[str, Callable[[ApiRequest, User, Actor], ApiResponse]] = {
    "GET": show,
    "HEAD": show,
    "PUT": replace,
    "PATCH": patch,
    "DELETE": remove,
}


def find_person(user_id: str) -> User:
    """Return the person with a User ID, which is their id in SCIM.

    Raises:
        ScimError: when there is none that clients can see.
    """
    rows = visible_people().select_related("provisioned").filter(user_id=user_id)
    person = rows.first() if is_text(user_id) else None
    if person is None:
        raise ScimError(404, NO_SUCH_PERSON)
    return person


def shown(request: ApiRequest, person: User, asked_as: str = "") -> Resource:
    """Return a person as a resource, with the attributes that a client requests."""
    asked = parameters_of(request)
    resource = user_resource(person, asked_as)
    return selected(resource, asked.get("attributes", ""), asked.get("excludedattributes", ""))


def parameters_of(request: ApiRequest) -> dict[str, str]:
    """Return the parameters of a request's URL, with names in lower case."""
    return {name.lower(): value for name, value in parse_qsl(request.query, errors="replace")}


def whole(asked: dict[str, str], name: str, otherwise: int) -> int:
    """Return a parameter as a whole number.

    Raises:
        ScimError: when it is none.
    """
    value = asked.get(name.lower(), str(otherwise))
    if not WHOLE.fullmatch(value):
        raise ScimError(400, NO_NUMBER, "invalidValue")
    return int(value)


def refused(error: ValidationError) -> ScimError:
    """Return the error for a client when a value is invalid, or a person has to stay as they are."""
    said = set(error.messages)
    if said & KEPT:
        return ScimError(409, " ".join(error.messages))
    if said & TAKEN:
        return ScimError(409, " ".join(error.messages), "uniqueness", fix=FIND_FIRST)
    if PROTECTED_EMAIL in said:
        return ScimError(400, PROTECTED_EMAIL, "mutability")
    details = " ".join(
        f"{ATTRIBUTES.get(field, field)}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    )
    return ScimError(400, details, "invalidValue")
