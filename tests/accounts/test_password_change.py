"""Changing one's own password: what it does to the session in which it happens, and to nothing else."""

from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.actors import Actor
from accounts.models import User
from accounts.services.activation import activate, deactivate
from accounts.services.sessions import sessions_of
from accounts.session_store import digest
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory

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
