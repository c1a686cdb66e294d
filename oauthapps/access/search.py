"""What the search of Access pages finds."""

from django.db.models import Q


def of_person(text: str, before: str = "") -> Q:
    """Return the condition that a person's name, username, or email contains a text.

    Args:
        text: the text; empty for everybody.
        before: what leads to the person from the rows that are filtered, such as "user__".
    """
    names = ("name", "username", "email")
    return any_of([f"{before}{name}" for name in names], text)


def of_application(text: str, before: str = "") -> Q:
    """Return the condition that an application's name contains a text, likewise."""
    return any_of([f"{before}name"], text)


def any_of(fields: list[str], text: str) -> Q:
    """Return the condition that one of these fields contains a text."""
    condition = Q()
    for name in fields if text else ():
        condition |= Q(**{f"{name}__icontains": text})
    return condition
