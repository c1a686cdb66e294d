"""The page after the password: it names what this person can show, all of it and nothing else."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.second_factors import add_passkey

LOGIN = "/accounts/login/"
SECOND_FACTOR = "/accounts/login/second-factor/"


def page_after_the_password(member: User) -> Page:
    browser = Browser(Client())
    return browser.follow(browser.post(LOGIN, {"login": member.username, "password": PASSWORD}))


def forms_of(page: Page) -> list[str]:
    """What each form of the page sends besides its CSRF token."""
    return [
        name
        for form in page.posted_forms()
        if form.get("action") == SECOND_FACTOR
        for field in form.iter("input")
        if (name := field.get("name", "")) != "csrfmiddlewaretoken"
    ]


@pytest.mark.spec("W-86", "OWASP ASVS 5.0 6.3.3")
@pytest.mark.parametrize(
    ("ways", "sentence", "forms"),
    [
        (
            {"passkey", "app", "codes"},
            "Use a passkey, or enter the 6-digit code from your authenticator app or a recovery code.",
            ["credential", "code"],
        ),
        ({"passkey", "codes"}, "Use a passkey, or enter a recovery code.", ["credential", "code"]),
        (
            {"app", "codes"},
            "Enter the 6-digit code from your authenticator app or a recovery code.",
            ["code"],
        ),
        ({"app"}, "Enter the 6-digit code from your authenticator app.", ["code"]),
        ({"passkey"}, "Use a passkey.", ["credential"]),
    ],
)
def test_the_page_names_all_ways_of_this_person_and_no_other(
    visitor: Browser, member: User, ways: set[str], sentence: str, forms: list[str]
) -> None:
    if "passkey" in ways:
        add_passkey(visitor, SoftAuthenticator())
        Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    if "app" in ways:
        TOTP.activate(member, generate_totp_secret())
    if "codes" in ways:
        RecoveryCodes.activate(member)
    page = page_after_the_password(member)
    assert page.heading == "Two-factor authentication"
    assert sentence in page.text
    assert forms_of(page) == forms


def test_recovery_codes_that_are_used_up_are_not_offered(visitor: Browser, member: User) -> None:
    TOTP.activate(member, generate_totp_secret())
    codes = RecoveryCodes.activate(member)
    for code in codes.get_unused_codes():
        assert codes.validate_code(code)
    assert "recovery code" not in page_after_the_password(member).text
