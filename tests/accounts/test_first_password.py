"""The password that a first run generates and prints: it begins one sign-in, and has to be changed there."""

import pytest
from django.test import Client

from accounts.models import OneTimeLink, User
from accounts.services.links import create_password_link
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.rules.app_types import AppType
from oauthapps.services.activation import reset_person
from server import first_run
from server.management.commands.serve import Command
from tests.console.pages import Browser, Page
from tests.factories import REDIRECT_URL, make_application

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PAGE = "/accounts/login/new-password/"
OWN = "a password of her own"
FORGED = "a password of somebody else"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_USERNAME", "ADMIN_PASSWORD", "ADMIN_EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def generated() -> str:
    administrator = first_run.prepare()
    assert administrator is not None
    return administrator.password


@pytest.fixture
def visitor() -> Browser:
    return Browser(Client())


def admin() -> User:
    return User.objects.get(username="admin")


def sign_in(visitor: Browser, password: str, address: str = LOGIN) -> Page:
    page = visitor.get(address)
    return visitor.send(page, LOGIN, login="admin", password=password)


def choose(visitor: Browser, password: str = OWN) -> Page:
    return visitor.send(visitor.get(PAGE), PAGE, password1=password, password2=password)


@pytest.mark.spec("W-85", "OWASP ASVS 5.0 6.4.1")
def test_the_generated_password_alone_signs_nobody_in(generated: str, visitor: Browser) -> None:
    page = visitor.follow(sign_in(visitor, generated))
    assert page.heading == "Choose your password"
    for address in ("/", "/console/applications/", "/accounts/password/change/", "/security/"):
        assert visitor.get(address).answer["Location"].startswith(LOGIN), address
    assert visitor.get(LOGIN).answer["Location"] == PAGE
    assert not Event.objects.filter(kind=EventKind.SIGNED_IN).exists()


@pytest.mark.spec("W-85", "OWASP ASVS 5.0 6.4.1")
def test_choosing_another_signs_in_and_ends_the_generated_one(generated: str, visitor: Browser) -> None:
    sign_in(visitor, generated)
    assert choose(visitor).answer["Location"] == "/"
    assert visitor.follow(visitor.get("/")).heading == "OAuth2 Applications"
    assert not admin().must_change_password
    assert Event.objects.filter(kind=EventKind.PASSWORD_CHANGED, person=admin()).count() == 1
    another = Browser(Client())
    assert sign_in(another, generated).status == 200
    assert sign_in(another, OWN).answer["Location"] == "/"
    assert visitor.get("/security/").status == 200


@pytest.mark.spec("W-85", "OWASP ASVS 5.0 6.4.1")
def test_in_the_middle_of_an_authorization_request_it_goes_on_afterward(
    generated: str, visitor: Browser
) -> None:
    application = make_application(AppType.WEB, name="Field app").application
    request = f"/integrations/oauth2/authorize?client_id={application.client_id}&response_type=code"
    request += f"&redirect_uri={REDIRECT_URL}&state=abc"
    page = visitor.follow(visitor.get(request))
    page = visitor.send(page, LOGIN, login="admin", password=generated)
    assert visitor.follow(page).heading == "Choose your password"
    assert visitor.get(request).answer["Location"].startswith(LOGIN)
    page = visitor.follow(choose(visitor))
    assert page.status == 200
    assert "Field app" in page.text
    assert "state=abc" in page.answer.request["QUERY_STRING"]


def test_the_generated_one_and_a_weak_one_are_refused(generated: str, visitor: Browser) -> None:
    sign_in(visitor, generated)
    assert "other than the one you signed in with" in choose(visitor, generated).text
    assert "too short" in choose(visitor, "short").text
    assert admin().must_change_password
    assert choose(visitor).status == 302


def test_the_page_wants_a_sign_in_that_was_begun(generated: str, visitor: Browser) -> None:
    assert visitor.get(PAGE).answer["Location"] == LOGIN
    assert visitor.post(PAGE, {"password1": OWN, "password2": OWN}).answer["Location"] == LOGIN
    assert admin().check_password(generated)


def test_of_two_browsers_that_began_with_it_one_chooses(generated: str, visitor: Browser) -> None:
    another = Browser(Client())
    for each in (visitor, another):
        sign_in(each, generated)
    page = another.get(PAGE)
    choose(visitor)
    page = another.send(page, PAGE, password1=FORGED, password2=FORGED)
    assert page.answer["Location"] == LOGIN
    assert another.get("/").answer["Location"].startswith(LOGIN)
    assert admin().check_password(OWN)


@pytest.mark.spec("W-85", "OWASP ASVS 5.0 6.4.1")
def test_links_that_were_made_with_it_end(generated: str, visitor: Browser) -> None:
    create_password_link(admin(), actor=Actor.command("tests"))
    sign_in(visitor, generated)
    assert OneTimeLink.objects.exists()
    choose(visitor)
    assert not OneTimeLink.objects.exists()


def test_a_password_that_the_operator_gave_need_not_be_changed(
    visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", OWN)
    administrator = first_run.prepare()
    assert administrator is not None
    assert not administrator.password
    assert sign_in(visitor, OWN).answer["Location"] == "/"


def test_a_password_that_was_set_otherwise_need_not_be_changed_either(
    generated: str, visitor: Browser
) -> None:
    link = create_password_link(admin(), actor=Actor.command("tests")).removeprefix(
        "http://testserver.localhost"
    )
    visitor.send(visitor.get(link), "/accounts/password/link/", password1=OWN, password2=OWN)
    assert not admin().must_change_password
    User.objects.update(must_change_password=True)
    reset_person(admin(), password=OWN, actor=Actor.command("tests"))
    assert sign_in(visitor, OWN).answer["Location"] == "/"


def test_cancelling_leaves_everything_as_it_was(generated: str, visitor: Browser) -> None:
    sign_in(visitor, generated)
    visitor.send(visitor.get(PAGE), "/accounts/logout/")
    assert visitor.get(LOGIN).heading == "Sign in"
    assert admin().check_password(generated)


def test_a_first_run_says_that_it_has_to_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    command = Command()
    command.introduce_administrator()
    printed = capsys.readouterr().out
    assert "Password (shown only once): " in printed
    assert "You'll choose your own password when you first sign in." in printed
    command.introduce_administrator()
    assert capsys.readouterr().out == ""
