"""Usernames for people who come from an identity provider or the organization's directory."""

import re
import secrets

from django.db.models.functions import Lower

from accounts.models import User

LONGEST_USERNAME = 64
# Characters that usernames can't have (`accounts.models.identifiers.validate_username`).
NOT_IN_USERNAMES = re.compile(r"[^A-Za-z0-9._+-]+")
# This many people can share a name before the next one gets a random suffix.
MOST_ALIKE = 20


def free_username(*names: str) -> str:
    """Return a free username as close to one of the given names as possible, in one statement.

    Args:
        names: the person's names elsewhere, the best first; usually email addresses.
    """
    wanted = [*filter(None, map(valid_username, names))] or ["person"]
    stem = wanted[0][: LONGEST_USERNAME - 9]
    alike = [*wanted, *(f"{stem}-{number}" for number in range(2, MOST_ALIKE + 1))]
    rows = User.objects.alias(lowered=Lower("username")).filter(lowered__in=[each.lower() for each in alike])
    taken = {username.lower() for username in rows.values_list("username", flat=True)}
    free = (each for each in alike if each.lower() not in taken)
    return next(free, f"{stem}-{secrets.token_hex(4)}")


def valid_username(text: str) -> str:
    """Return a text as a username: without what follows an @, and with hyphens for invalid characters."""
    return NOT_IN_USERNAMES.sub("-", text.partition("@")[0])[:LONGEST_USERNAME].strip("-")
