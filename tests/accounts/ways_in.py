"""The ways to sign in on the way of an authorization request, each as a browser goes it."""

import json
from collections.abc import Callable
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from accounts.models import User
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.second_factors import add_passkey, code_of

TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN = "/accounts/login/"
WITH_PASSKEY = "/accounts/login/passkey/"
SECOND_FACTOR = "/accounts/login/second-factor/"
FIRST_PASSWORD = "/accounts/login/new-password/"


class Visitor(Browser):
    """A browser that keeps every answer it was given."""

    def __init__(self) -> None:
        super().__init__(Client())
        self.answers: list[Page] = []

    def _read(self, answer: Any) -> Page:
        page = super()._read(answer)
        self.answers.append(page)
        return page


def with_password(browser: Visitor, page: Page, person: User, prepared: Any) -> Page:
    """Sign in after a slip of the finger."""
    page = browser.send(page, LOGIN, login=person.username, password="wrong")
    return browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))


def with_second_factor(browser: Visitor, page: Page, person: User, prepared: Any) -> Page:
    """Sign in with a password and a code, after a slip of the finger."""
    page = browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))
    page = browser.send(page, SECOND_FACTOR, code="000000")
    return browser.follow(browser.send(page, SECOND_FACTOR, code=code_of(TOTP_SECRET)))


def with_passkey(browser: Visitor, page: Page, person: User, prepared: SoftAuthenticator) -> Page:
    """Sign in with a passkey, after one that nobody knows."""
    page = browser.follow(show(browser, page, SoftAuthenticator()))
    return browser.follow(show(browser, page, prepared))


def show(browser: Visitor, page: Page, device: SoftAuthenticator) -> Page:
    """Press the button that asks for a passkey."""
    challenge = browser.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    answer = device.get(challenge["request_options"]["publicKey"])
    return browser.send(page, WITH_PASSKEY, credential=json.dumps(answer))


def with_first_password(browser: Visitor, page: Page, person: User, prepared: Any) -> Page:
    """Sign in with a password that somebody else knows, and choose another after a slip of the finger."""
    page = browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))
    page = browser.send(page, FIRST_PASSWORD, password1=PASSWORD, password2=PASSWORD)
    another = f"another {PASSWORD}"
    return browser.follow(browser.send(page, FIRST_PASSWORD, password1=another, password2=another))


def prepare_password(person: User) -> None:
    """Change nothing: everybody has a password."""


def prepare_second_factor(person: User) -> None:
    """Give the person an authenticator app."""
    TOTP.activate(person, TOTP_SECRET)


def prepare_first_password(person: User) -> None:
    """Have an administrator know the person's password."""
    User.objects.filter(pk=person.pk).update(must_change_password=True)


def prepare_passkey(person: User) -> SoftAuthenticator:
    """Give the person a passkey."""
    device = SoftAuthenticator()
    assert add_passkey(browser_of(person), device).status == 302
    return device


Way = tuple[Callable[[User], Any], Callable[[Visitor, Page, User, Any], Page]]
WAYS: dict[str, Way] = {
    "password": (prepare_password, with_password),
    "first password": (prepare_first_password, with_first_password),
    "second factor": (prepare_second_factor, with_second_factor),
    "passkey": (prepare_passkey, with_passkey),
}
