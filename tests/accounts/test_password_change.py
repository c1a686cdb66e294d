"""Changing one's own password: what it does to the session in which it happens, and to nothing else."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import OperationalError
from django.test import Client

from accounts.models import OneTimeLink, Role, User
from accounts.services.links import create_password_link
from accounts.services.sessions import sessions_of
from accounts.sessions.store import digest
from audit.actors import Actor
from oauthapps.rules.app_types import AppType
from oauthapps.services.activation import activate, deactivate
from oauthapps.services.credentials import add_key
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory, make_application
from tests.keys import SIGNING_KEY, public_pem

LOGIN = "/accounts/login/"
CHANGE = "/accounts/password/change/"
NEW = "a password of her own"
COMMAND = Actor.command("tests")


def sign_in(person: User) -> Browser:
    browser = Browser(Client())
    assert browser.post(LOGIN, {"login": person.username, "password": PASSWORD}).status == 302
    return browser


def change_password(browser: Browser, **more: str) -> int:
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    return browser.post(CHANGE, form | more).status


def test_the_session_stays_on_the_list_alone(ada: User) -> None:
    browser = sign_in(ada)
    sign_in(ada)
    assert change_password(browser) == 302
    assert UserSession.objects.get().session_key == digest(browser.client.session.session_key)
    assert sessions_of(User.objects.get()) == [UserSession.objects.get()]
    assert "This session" in browser.get("/security/sessions/").text


def test_the_session_ends_for_good_with_a_deactivation(ada: User) -> None:
    AdministratorFactory.create()
    browser = sign_in(ada)
    assert change_password(browser) == 302
    assert deactivate(ada, actor=COMMAND)
    assert activate(ada, actor=COMMAND)
    assert browser.get("/connected/").status == 302


def test_what_others_change_of_the_person_meanwhile_stays(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(ada)
    set_password = User.set_password
    meanwhile = {"is_active": False, "role": Role.ADMINISTRATOR, "email": "new@example.org"}

    def set_slowly(self: User, password: str) -> None:
        """Hash the password, which takes a while."""
        set_password(self, password)
        User.objects.filter(pk=ada.pk).update(**meanwhile)

    monkeypatch.setattr(User, "set_password", set_slowly)
    change_password(browser)
    person = User.objects.get()
    assert {field: getattr(person, field) for field in meanwhile} == meanwhile


@pytest.mark.parametrize("broken", ["withdraw_all", "delete_keys_of"])
def test_a_change_that_fails_halfway_changes_nothing(
    ada: User, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    browser = sign_in(ada)
    machine = make_application(AppType.MACHINE_TO_MACHINE).application
    add_key(machine, public_pem(SIGNING_KEY), user=ada, actor=COMMAND)
    create_password_link(ada, actor=COMMAND)

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(f"oauthapps.services.passwords.{broken}", fail)
    browser.client.raise_request_exception = False
    assert change_password(browser, disconnect="on", delete_keys="on") >= 500
    assert User.objects.get().check_password(PASSWORD)
    assert OneTimeLink.objects.exists()
    assert browser.get("/connected/").status == 200
