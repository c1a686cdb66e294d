"""Signing in, staying signed in, and getting back in."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import OperationalError
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.models import Role, User
from accounts.services.links import create_password_link
from audit.actors import Actor
from audit.models import Event, EventKind
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.oauth_client import hidden_fields

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
APPLICATIONS = "/console/applications/"


@pytest.fixture
def ada() -> User:
    user: User = UserFactory.create(username="ada", email="ada@example.org", role=Role.ADMINISTRATOR)
    return user


def sign_in(login: str, password: str = PASSWORD, **extra: str) -> tuple[Client, int]:
    browser = Client()
    answer = browser.post(LOGIN, {"login": login, "password": password, **extra})
    return browser, answer.status_code


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.org", " ada "])
def test_user_name_and_address_both_sign_in(ada: User, login: str) -> None:
    browser, status = sign_in(login)
    assert status == 302
    assert browser.get(APPLICATIONS).status_code == 200


@pytest.mark.spec("W-05", "ASVS 6.3.8")
def test_a_wrong_password_and_an_unknown_name_read_the_same(ada: User) -> None:
    def complaint(login: str) -> str:
        page = Client().post(LOGIN, {"login": login, "password": "wrong"}).content.decode()
        return re.sub(r"\s+", " ", strip_tags(page))

    assert complaint("ada") == complaint("eve")


def test_the_sign_in_log_never_keeps_what_was_typed_as_a_name(ada: User) -> None:
    sign_in("my password by mistake")
    event = Event.objects.get(kind=EventKind.SIGN_IN_FAILED)
    assert "mistake" not in str(event.__dict__)
    sign_in("ada", "wrong")
    assert Event.objects.filter(kind=EventKind.SIGN_IN_FAILED, person=ada).count() == 1


def test_nobody_is_recorded_as_signed_in_whose_absence_could_not_be_ended(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_user: User) -> None:
        raise OperationalError

    monkeypatch.setattr("oauthapps.people.receivers.record_activity", fail)
    browser = Client(raise_request_exception=False)
    assert browser.post(LOGIN, {"login": "ada", "password": PASSWORD}).status_code >= 500
    assert not Event.objects.filter(kind=EventKind.SIGNED_IN).exists()
    assert browser.get(APPLICATIONS).status_code == 302


@pytest.mark.spec("W-04", "RFC 6749 §10.12")
def test_signing_in_needs_a_csrf_token(ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    credentials = {"login": "ada", "password": PASSWORD}
    assert browser.post(LOGIN, credentials).status_code == 403
    form = hidden_fields(browser.get(LOGIN).content.decode())
    assert browser.post(LOGIN, form | credentials).status_code == 302


@pytest.mark.spec("W-06", "ASVS 7.2.4")
def test_the_session_id_changes_when_signing_in(ada: User) -> None:
    browser = Client()
    session = browser.session
    session["something"] = 1
    session.save()
    before = session.session_key
    browser.cookies["gatehouse_session"] = str(before)
    browser.post(LOGIN, {"login": "ada", "password": PASSWORD})
    assert browser.session.session_key != before


@pytest.mark.parametrize("cookie", ['"abcdefghijkl\\000"', "a" * 5000, "", '"\\303\\251"'])
def test_a_cookie_that_names_no_session_is_as_good_as_none(ada: User, cookie: str) -> None:
    header = f"{settings.SESSION_COOKIE_NAME}={cookie}"
    browser = Client(raise_request_exception=False)
    assert browser.get(APPLICATIONS, HTTP_COOKIE=header).status_code == 302
    answer = browser.post(LOGIN, {"login": "ada", "password": PASSWORD}, HTTP_COOKIE=header)
    assert answer.status_code == 302


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2")
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "https:evil"],
)
def test_next_never_leads_elsewhere(ada: User, target: str) -> None:
    answer = Client().post(LOGIN, {"login": "ada", "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_an_inactive_person_does_not_get_in(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    browser, _ = sign_in("ada")
    assert browser.get(APPLICATIONS).status_code == 302


def test_nobody_registers(db: None) -> None:
    assert Client().get("/accounts/signup/").status_code == 404
    assert "signup" not in Client().get(LOGIN).content.decode()


def test_a_member_reaches_the_consent_page_but_not_the_system_pages() -> None:
    browser = Client()
    browser.force_login(UserFactory.create())
    assert browser.get("/").status_code == 200
    assert browser.get(APPLICATIONS).status_code == 403


def test_activity_is_written_at_most_once_a_minute(ada: User) -> None:
    start = timezone.now()
    browser = Client()
    with time_machine.travel(start, tick=False):
        browser.force_login(ada)
        User.objects.filter(pk=ada.pk).update(last_active_at=start)
    for seconds, written in ((59, 0), (61, 61), (90, 61)):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            browser.get(APPLICATIONS)
        ada.refresh_from_db()
        assert ada.last_active_at == start + timedelta(seconds=written)


@pytest.mark.spec("W-07", "ASVS 7.3.1")
def test_a_session_ends_after_eight_idle_hours(ada: User) -> None:
    start = timezone.now()
    browser = Client()
    with time_machine.travel(start, tick=False):
        browser.force_login(ada)
    with time_machine.travel(start + timedelta(hours=7, minutes=59), tick=False):
        assert browser.get(APPLICATIONS).status_code == 200
    with time_machine.travel(start + timedelta(hours=15), tick=False):
        assert browser.get(APPLICATIONS).status_code == 200
    with time_machine.travel(start + timedelta(hours=24), tick=False):
        assert browser.get(APPLICATIONS).status_code == 302


@pytest.mark.spec("W-07", "ASVS 7.3.2")
def test_a_session_ends_after_seven_days_in_any_case(ada: User) -> None:
    start = timezone.now()
    browser = Client()
    with time_machine.travel(start, tick=False):
        browser.force_login(ada)
    for hours in range(7, 7 * 24, 7):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert browser.get(APPLICATIONS).status_code == 200
    with time_machine.travel(start + timedelta(days=7, minutes=1), tick=False):
        assert browser.get(APPLICATIONS).status_code == 302


def use_link(link: str, password: str) -> int:
    """Open a link from a mail or an administrator, set a password, and return the final status."""
    browser = Client()
    page = browser.get(link.removeprefix("http://testserver.localhost"))
    form = hidden_fields(page.content.decode()) | {"password1": password, "password2": password}
    browser.post("/accounts/password/link/", form)
    return page.status_code


def test_an_administrators_link_sets_a_password_once(ada: User) -> None:
    link = create_password_link(ada, actor=Actor.command("tests"))
    assert link.startswith("http://testserver.localhost/accounts/password/link/")
    use_link(link, "a first new password")
    assert Client().login(username="ada", password="a first new password")
    use_link(link, "a second new password")
    assert not Client().login(username="ada", password="a second new password")
    assert Event.objects.filter(kind=EventKind.PASSWORD_LINK_MADE, person=ada).count() == 1


@pytest.mark.spec("C-13", "ASVS 14.2.1")
def test_the_page_of_a_link_tells_nobody_its_address(ada: User) -> None:
    path = create_password_link(ada, actor=Actor.command("tests")).removeprefix("http://testserver.localhost")
    for address in (path, "/accounts/password/link/?key=unknown"):
        assert Client().get(address)["Referrer-Policy"] == "strict-origin"


def test_a_link_expires_after_a_day(ada: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        link = create_password_link(ada, actor=Actor.command("tests"))
    with time_machine.travel(start + timedelta(days=1, minutes=-1), tick=False):
        assert Client().get(link.removeprefix("http://testserver.localhost")).status_code == 200
    with time_machine.travel(start + timedelta(days=1, minutes=1), tick=False):
        assert use_link(link, "a first new password") == 400
    assert not Client().login(username="ada", password="a first new password")


@pytest.mark.spec("C-13", "ASVS 6.4.1")
def test_changing_the_password_ends_links_that_could_set_another(ada: User) -> None:
    browser, _ = sign_in("ada")
    link = create_password_link(ada, actor=Actor.command("tests"))
    Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    assert ada.one_time_links.count() == 2
    new = {"oldpassword": PASSWORD, "password1": "a new one of my own", "password2": "a new one of my own"}
    assert browser.post("/accounts/password/change/", new).status_code == 302
    use_link(link, "a password of somebody else")
    assert Client().login(username="ada", password="a new one of my own")
    assert not ada.one_time_links.exists()


def test_a_forgotten_password_comes_back_by_mail(ada: User) -> None:
    Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    (message,) = mail.outbox
    assert message.to == ["ada@example.org"]
    found = re.search(r"http\S+/accounts/password/link/\S+", str(message.body))
    assert found, message.body
    path = "/" + found[0].split("/", 3)[3]
    use_link(path, "a mailed new password")
    assert Client().login(username="ada", password="a mailed new password")


def test_an_unknown_address_gets_the_same_answer_and_no_mail(ada: User) -> None:
    known = Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    mail.outbox.clear()
    unknown = Client().post("/accounts/password/reset/", {"email": "eve@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert mail.outbox == []


@pytest.mark.spec("W-05", "ASVS 6.3.8")
def test_a_mail_server_that_fails_does_not_tell_whose_address_it_is(
    ada: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,  # where nobody listens
    )
    answers = [
        Client(raise_request_exception=False).post("/accounts/password/reset/", {"email": email})
        for email in ("ada@example.org", "eve@example.org")
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, "/accounts/password/reset/done/")
    }
    assert caplog.messages == ["A password link could not be mailed: ConnectionRefusedError"]


@pytest.mark.spec("W-05", "ASVS 6.3.8")
def test_whether_an_address_is_known_is_looked_at_once_the_request_is_answered(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_before_closing: list[int] = []
    close = HttpResponseBase.close

    def look_and_close(answer: HttpResponseBase) -> None:
        sent_before_closing.append(len(mail.outbox))
        close(answer)

    monkeypatch.setattr(HttpResponseBase, "close", look_and_close)
    Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    assert (sent_before_closing, len(mail.outbox)) == ([0], 1)


@pytest.mark.spec("W-07", "ASVS 7.4.1")
def test_signing_out_is_a_post(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    browser.get("/accounts/logout/")
    assert browser.get(APPLICATIONS).status_code == 200
    browser.post("/accounts/logout/")
    assert browser.get(APPLICATIONS).status_code == 302


def test_an_administrator_reaches_the_console() -> None:
    browser = Client()
    browser.force_login(AdministratorFactory.create())
    assert browser.get("/", follow=True).request["PATH_INFO"] == APPLICATIONS
