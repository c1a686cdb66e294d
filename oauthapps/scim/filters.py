"""Filters of lists (RFC 7644 section 3.4.2.2): conditions with `eq`, joined by `and`.

Directories use no more than that, to look people up by what identifies them.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.db.models import Q

from accounts.models import User
from accounts.services.directory_names import people_called
from oauthapps.rules.credential_values import is_text
from oauthapps.scim.attributes import CORE_USER
from oauthapps.scim.bodies import truth
from oauthapps.scim.errors import ScimError

UNREADABLE = "The filter can't be read. Use attributes with eq, joined by and."
UNKNOWN = "People can be filtered by userName, externalId, emails.value, id, and active, each with eq."
CONDITION = re.compile(
    r"\s*(?P<attribute>[A-Za-z][\w:.$-]*(?:\[[^\]]*\](?:\.\w+)?)?)\s+(?P<operator>[A-Za-z]{2})\s+"
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"()\[\]]+))\s*',
)
AND = re.compile(r"and\s", re.IGNORECASE)
# The one email address here counts as the one for work and as the primary one.
OUR_EMAIL = re.compile(r'emails\[\s*(?:type\s+eq\s+"work"|primary\s+eq\s+"?true"?)\s*\]', re.IGNORECASE)
MOST_CONDITIONS = 10


class Condition(NamedTuple):
    """That an attribute, in lower case, has a certain value."""

    attribute: str
    value: str


def conditions_in(expression: str) -> list[Condition]:
    """Return the conditions of a filter, all of which must be met.

    Raises:
        ScimError: when it can't be read, or isn't supported.
    """
    found = list(read(expression))
    if len(found) > MOST_CONDITIONS or any(each.attribute not in QUESTIONS for each in found):
        raise ScimError(400, UNKNOWN, "invalidFilter")
    return found


def read(expression: str) -> Iterator[Condition]:
    """Yield the conditions of a filter.

    Raises:
        ScimError: when it can't be read.
    """
    place = 0
    while match := CONDITION.match(expression, place):
        if match["operator"].lower() != "eq":
            raise ScimError(400, UNKNOWN, "invalidFilter")
        yield Condition(plain_attribute(match["attribute"]), value_of(match))
        if match.end() == len(expression):
            return
        joint = AND.match(expression, match.end())
        place = joint.end() if joint else len(expression)
    raise ScimError(400, UNREADABLE, "invalidFilter")


def value_of(match: re.Match[str]) -> str:
    """Return the value of a condition. Okta's tests send values without quotes."""
    try:
        value = match["bare"] if match["quoted"] is None else json.loads(f'"{match["quoted"]}"')
    except ValueError as error:
        raise ScimError(400, UNREADABLE, "invalidFilter") from error
    if not is_text(value):
        raise ScimError(400, UNREADABLE, "invalidFilter")
    return str(value)


def plain_attribute(attribute: str) -> str:
    """Return an attribute in lower case, without its schema and without the kind of email address."""
    return OUR_EMAIL.sub("emails", without_schema(attribute)).lower()


def without_schema(attribute: str) -> str:
    """Return an attribute without the schema prefix of people."""
    prefix = f"{CORE_USER}:".lower()
    return attribute[len(prefix) :] if attribute.lower().startswith(prefix) else attribute


def has_email(value: str) -> Q:
    """Return the condition of having an email address."""
    return Q(pk__in=User.objects.whose("email", value).values("pk"))


QUESTIONS: dict[str, Callable[[str], Q]] = {
    "username": lambda value: Q(pk__in=people_called(value).values("pk")),
    "externalid": lambda value: Q(external_id=value),
    "emails": has_email,
    "emails.value": has_email,
    "id": lambda value: Q(user_id=value),
    "active": lambda value: Q(is_active=truth(value, "active")),
}
