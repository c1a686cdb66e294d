"""The pages around passwords: for password managers, and for a link in somebody else's browser."""

from xml.etree.ElementTree import Element

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from accounts.services.invitations import invite
from accounts.services.links import create_password_link
from audit.actors import Actor
from audit.models import Event, EventKind
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

CHANGE = "/accounts/password/change/"
WELL_KNOWN = "/.well-known/change-password"
SET_PASSWORD = "/accounts/password/link/"
NEW = "a password of her own"


@pytest.fixture
def bob() -> User:
    person: User = UserFactory.create(name="Bob Builder", username="bob")
    return person


@pytest.fixture
def stranger() -> Browser:
    return Browser(Client())


def path_of(link: str) -> str:
    return link.removeprefix("http://testserver.localhost")


def invitation() -> tuple[User, str]:
    actor = Actor.command("tests")
    zora, link = invite(
        username="zora", name="Zora Neale", email="zora@example.org", role=Role.MEMBER, actor=actor
    )
    return zora, path_of(link)


def form_with_password(page: Page) -> Element:
    (form,) = [
        form
        for form in page.posted_forms()
        if any(field.get("type") == "password" for field in form.iter("input"))
    ]
    return form


def names_username(page: Page, username: str) -> bool:
    """Whether a password manager can tell whose password a form is about, which nobody sees or edits."""
    return any(
        field.get("autocomplete") == "username"
        and field.get("value") == username
        and field.get("type") == "text"
        and field.get("hidden") is not None
        and field.get("readonly") is not None
        for field in form_with_password(page).iter("input")
    )


@pytest.mark.spec("W-83", "HTML §4.10.18.7.1")
@pytest.mark.parametrize("name", ["account_change_password", "account_reauthenticate"])
def test_a_signed_in_persons_password_forms_name_the_username(bob: User, name: str) -> None:
    assert names_username(browser_of(bob).get(reverse(name)), "bob")


@pytest.mark.spec("W-83", "HTML §4.10.18.7.1")
def test_the_form_of_a_one_time_link_names_the_username(bob: User, stranger: Browser) -> None:
    link = path_of(create_password_link(bob, actor=Actor.command("tests")))
    assert names_username(stranger.get(link), "bob")
    assert names_username(stranger.get(invitation()[1]), "zora")


@pytest.mark.spec("W-83", "W3C, A Well-Known URL for Changing Passwords")
def test_password_managers_find_where_the_password_is_changed(bob: User, stranger: Browser) -> None:
    browser = browser_of(bob)
    assert browser.follow(browser.get(WELL_KNOWN)).heading == "Change password"
    page = stranger.get(WELL_KNOWN)
    assert (page.status, page.answer["Location"]) == (302, CHANGE)
    assert stranger.follow(stranger.follow(page)).heading == "Sign in"
    assert stranger.client.post(WELL_KNOWN).status_code == 405
    assert stranger.get("/.well-known/resource-that-should-not-exist").status == 404


@pytest.mark.spec("W-84", "ASVS 6.4.3")
def test_an_invitation_opened_while_somebody_else_is_signed_in_says_so(bob: User) -> None:
    zora, link = invitation()
    browser = browser_of(bob)
    page = browser.get(link)
    assert page.heading == "Welcome, Zora Neale"
    assert "You're signed in as Bob Builder" in page.text
    assert "This invitation is for Zora Neale (zora)" in page.text
    page = browser.send(page, SET_PASSWORD, password1=NEW, password2=NEW)
    page = browser.follow(page)
    assert page.heading == "Sign in"  # and not the start page of somebody else
    assert "Your password is set" in page.messages
    assert Event.objects.filter(kind=EventKind.SIGNED_OUT, person=bob).count() == 1
    browser.send(page, "/accounts/login/", login="zora", password=NEW)
    assert browser.get("/").heading == "Welcome, Zora Neale"
    assert zora.user_id != bob.user_id


def test_opening_an_invitation_alone_signs_nobody_out(bob: User) -> None:
    browser = browser_of(bob)
    browser.get(invitation()[1])
    assert browser.get("/").heading == "Welcome, Bob Builder"


@pytest.mark.spec("W-84", "ASVS 6.4.3")
def test_a_password_link_says_so_as_well_but_not_to_its_own_person(bob: User, stranger: Browser) -> None:
    link = path_of(create_password_link(bob, actor=Actor.command("tests")))
    assert "signed in as" not in browser_of(bob).get(link).text
    assert "signed in as" not in stranger.get(link).text
    other = UserFactory.create(name="Eve")
    assert "You're signed in as Eve" in browser_of(other).get(link).text


def test_the_pages_of_a_forgotten_password_speak_our_words(bob: User, stranger: Browser) -> None:
    page = stranger.get("/accounts/password/reset/")
    assert page.heading == "Forgot your password?"
    assert page.labels(page.form("/accounts/password/reset/")) == ["Email address"]
    page = stranger.follow(stranger.send(page, "/accounts/password/reset/", email=bob.email))
    assert page.heading == "Check your email"
    assert len(mail.outbox) == 1
    assert stranger.get("/accounts/inactive/").heading == "Account inactive"


def test_changing_the_password_speaks_our_words(bob: User) -> None:
    browser = browser_of(bob)
    page = browser.get(CHANGE)
    assert page.labels(page.form(CHANGE))[:3] == ["Current password", "New password", "Confirm new password"]
    page = browser.send(page, CHANGE, oldpassword=PASSWORD, password1=NEW, password2=NEW)
    assert "Password changed." in browser.follow(page).messages
    page = browser.get("/accounts/logout/")
    assert page.heading == "Sign out?"
    browser.send(page, "/accounts/logout/")
    assert "signed out" in browser.get("/accounts/login/").messages
