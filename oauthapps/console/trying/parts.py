"""One part of a JWT: what is there, what must be, and how both are shown."""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from oauthapps.errors import AssertionFaultError
from oauthapps.rules import assertions
from oauthapps.rules.assertions import Claims

LONGEST_VALUE = 300  # characters of a value that the page shows
ABSENT = "not there"
TIMES = ("exp", "nbf", "iat")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of the result.

    Attributes:
        name: of the part, as JWTs call it.
        fault: why the token endpoint refuses it; empty where it accepts it.
        found: what is there.
        expected: what must be.
        note: what else to know about it.
        is_judged: whether it was looked at: nothing of a text that is no JWT can be.
    """

    name: str
    fault: str = ""
    found: str = ""
    expected: str = ""
    note: str = ""
    is_judged: bool = True

    @property
    def is_good(self) -> bool:
        """Whether it is as it must be."""
        return self.is_judged and not self.fault


def fault_of(check: Any, *arguments: Any) -> str:
    """Return the sentence with which a rule refuses something, or nothing."""
    try:
        check(*arguments)
    except AssertionFaultError as error:
        return error.message
    return ""


def decoded(part: str) -> Claims | None:
    """Return the JSON object that a part of a JWT is, or None."""
    try:
        return assertions.unverified(part)
    except AssertionFaultError:
        return None


def shown(claims: Claims, name: str) -> str:
    """Return a value as the page shows it: a time in words beside its number, and no more than fits."""
    if name not in claims:
        return ABSENT
    value = claims[name]
    text = value if isinstance(value, str) and value.isprintable() else json.dumps(value)
    text = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
    return f"{text} ({time_of(claims, name)})" if time_of(claims, name) else text


def time_of(claims: Claims, name: str) -> str:
    """Return the time that a claim is, or nothing."""
    if name not in TIMES:
        return ""
    try:
        at = assertions.numeric_date(claims, name)
    except AssertionFaultError:
        return ""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
