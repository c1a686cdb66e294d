"""Checks of what administrators have done here, and of what is left to be done."""

from collections.abc import Iterator

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.services.password_rule import must_use_provider
from accounts.services.second_factor_rule import without_second_factor
from oauthapps.models import Application
from server.doctor.findings import Finding, error, ok, warning

MOST_NAMES = 5


def check_applications() -> Iterator[Finding]:
    """How much of APPLICATION_LIMIT is used?"""
    slots = Application.objects.slots()
    sentence = f"{slots.used} of {slots.limit} applications exist (APPLICATION_LIMIT)."
    if slots.used >= slots.limit:
        yield warning(sentence, "Delete one, or raise APPLICATION_LIMIT, before the next one is needed.")
    else:
        yield ok(sentence)


def check_administrators() -> Iterator[Finding]:
    """Is there somebody to sign in, and more than a password between strangers and System?"""
    administrators = User.objects.administrators()
    if not administrators.exists():
        yield error("There is no active administrator.", "Run manage.py create_user or manage.py reset_user.")
        return
    generated = names(administrators.filter(must_change_password=True))
    if generated:
        yield warning(
            f"The password of {generated} was generated and has not been replaced; it is in a log.",
            "Sign in and choose another.",
        )
    without = names(without_second_factor().filter(~has_no_use_for_password()))
    if without:
        yield warning(
            f"A password alone signs in these administrators and auditors: {without}.",
            "Set up a second factor under Security, and require it on the Organization page.",
        )
    if not without and not generated:
        yield ok("Every administrator and auditor who uses a password here has a second factor.")


def has_no_use_for_password() -> Q:
    """Return the condition that somebody has no password, or must use an identity provider."""
    return Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | must_use_provider()


def names(people: QuerySet[User]) -> str:
    """Return the usernames of some people, the first few of them."""
    found = list(people.values_list("username", flat=True)[: MOST_NAMES + 1])
    return ", ".join(found[:MOST_NAMES]) + (" and others" if len(found) > MOST_NAMES else "")
