"""Whatever of django-allauth's can be reached here is in our words and our look."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from tests.urlconf import ROOT, VIEWS

OURS = ROOT / "templates"
SPEC = find_spec("allauth")
assert SPEC is not None
assert SPEC.submodule_search_locations is not None
ALLAUTH = Path(SPEC.submodule_search_locations[0])
# Letters and messages of what nobody can do here: registering, changing the address, signing in by code or
# by telephone. A password is set by a link, on our own page.
UNREACHABLE = {
    "account/email/account_already_exists",
    "account/email/email_changed",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/email_deleted",
    "account/email/login_code",
    "account/email/password_reset",
    "account/email/password_reset_code",
    "account/email/password_set",
    "account/email/unknown_account",
    "account/messages/cannot_delete_primary_email",
    "account/messages/email_confirmation_failed",
    "account/messages/email_confirmation_sent",
    "account/messages/email_confirmed",
    "account/messages/email_deleted",
    "account/messages/login_code_sent",
    "account/messages/password_set",
    "account/messages/phone_verification_sent",
    "account/messages/phone_verified",
    "account/messages/primary_email_set",
    "account/messages/unverified_primary_email",
    "usersessions/messages/sessions_logged_out",
}
SAID = re.compile(r'"((?:account|mfa|usersessions)/(?:email|messages)/\w+)(?:\.txt)?"')


def said_in_its_code() -> set[str]:
    """The letters and messages that django-allauth's code names."""
    return {
        name
        for app in ("account", "mfa", "usersessions")
        for path in (ALLAUTH / app).rglob("*.py")
        if "tests" not in path.parts
        for name in SAID.findall(path.read_text(encoding="utf-8"))
    }


SAYINGS = sorted(said_in_its_code() - UNREACHABLE)
PAGES: dict[str, type] = {
    name: view_class
    for name, view in VIEWS.items()
    if (view_class := getattr(view, "view_class", None))
    if any(base.__module__.startswith("allauth.") for base in view_class.__mro__)
}


def test_what_is_said_to_be_unreachable_exists() -> None:
    assert said_in_its_code() >= UNREACHABLE


def test_every_view_of_theirs_can_be_looked_into() -> None:
    """A view that is a function of theirs would hide its template from the next test."""
    hidden = {name for name, view in VIEWS.items() if getattr(view, "__module__", "").startswith("allauth.")}
    assert hidden <= PAGES.keys()
    assert {"account_login", "account_reset_password", "account_inactive", "mfa_authenticate"} <= PAGES.keys()


@pytest.mark.spec("W-82", "ASVS 6.3.4")
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_theirs_that_can_be_reached_has_a_template_of_ours(name: str) -> None:
    template = getattr(PAGES[name], "template_name", None)
    assert template is None or is_ours(template), template


@pytest.mark.parametrize("name", SAYINGS)
def test_every_letter_and_message_that_can_be_sent_is_ours(name: str) -> None:
    parts = ("_subject.txt", "_message.txt") if "/email/" in name else (".txt",)
    for part in parts:
        assert is_ours(name + part), name


def is_ours(template: str) -> bool:
    """Whether a template and those it extends or includes are ours."""
    try:
        found = get_template(template)
    except TemplateDoesNotExist:
        return False
    text = Path(found.origin.name).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    further = re.findall(r'{%\s*(?:extends|include)\s+"([^"]+)"', text)
    return OURS in Path(found.origin.name).parents and all(map(is_ours, further))  # type: ignore[attr-defined]
