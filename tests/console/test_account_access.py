"""Ending somebody's sessions and resetting their second factors, so that no command line is needed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.signals import pre_save
from django.dispatch import Signal
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from accounts.services.second_factors import reset_second_factors
from accounts.services.sessions import end_all_sessions, end_sessions_of, sessions_of
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.console.test_deactivation import tokens_of
from tests.console.test_security import LOGIN, half_a_minute_ago, sign_in
from tests.factories import PASSWORD, AdministratorFactory
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.parallel import all_at_once, in_parallel
from tests.second_factors import ADD_PASSKEY, APP, add_passkey, code_of, options_on, secret_on
from tests.sign_ins import age_sign_in

COMMAND = Actor.command("tests")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
END, RESET = "end-sessions-of-person", "reset-second-factors"
BROKEN = "tests.console.test_account_access.BrokenMail"

Act = Callable[[User], Any]


class BrokenMail:
    """A mail server that is out of reach."""

    def __init__(self, **_: object) -> None:
        pass

    def send_messages(self, _: object) -> int:
        raise ConnectionRefusedError


def of(person: User, name: str) -> str:
    return reverse(name, args=[person.user_id])


def own_forms(page: Page) -> list[object]:
    return [form for form in page.posted_forms() if not form.get("action")]


def end(person: User) -> int:
    return end_all_sessions(person, actor=COMMAND)


def reset(person: User) -> object:
    return reset_second_factors(person, actor=COMMAND)


@pytest.fixture
def protected(member: User) -> User:
    """The member, with every second factor there is."""
    TOTP.activate(member, SECRET)
    RecoveryCodes.activate(member)
    add_passkey(browser_of(member), SoftAuthenticator())
    end_sessions_of(member)
    mail.outbox.clear()
    return User.objects.get(pk=member.pk)


@pytest.mark.spec("C-35", "ASVS 7.4.5")
def test_ending_sessions_says_how_many_and_ends_them_at_once(
    console: Browser, administrator: User, member: User, web: Application
) -> None:
    theirs = [sign_in(member), sign_in(member)]
    client, tokens = tokens_of(theirs[0].client, web)
    page = console.get(console.get(of(member, "person")).links()["End sessions Bob Builder"])
    assert page.heading == "End the sessions of Bob Builder?"
    assert "2 sessions will end. They have to sign in again to continue." in page.text
    assert "They get an email that says you did this." in page.text

    page = console.follow(console.send(page))
    assert "2 sessions of Bob Builder ended." in page.messages
    assert Session.objects.count() == UserSession.objects.count() == 1  # the administrator's
    assert [browser.get("/connected/").status for browser in theirs] == [302, 302]
    assert sign_in(member).get("/connected/").status == 200
    assert client.me(tokens["access_token"]).status_code == 200
    event = Event.objects.get(kind=EventKind.SESSIONS_ENDED)
    assert (event.actor, event.person, event.detail) == (administrator, member, "2 sessions")
    assert "All sessions ended" in console.get("/console/activity/").text


@pytest.mark.spec("C-36", "ASVS 6.4.4")
def test_a_reset_says_which_there_are_and_removes_them_all(
    console: Browser, administrator: User, protected: User
) -> None:
    theirs = browser_of(protected)
    page = console.get(console.get(of(protected, "person")).links()["Reset second factors Bob Builder"])
    assert page.heading == "Reset the second factors of Bob Builder?"
    for words in (
        "1 passkey will be removed.",
        "Their authenticator app will be removed.",
        "10 recovery codes will stop working.",
        "1 session will end.",
    ):
        assert words in page.text

    page = console.follow(console.send(page))
    removed = "1 passkey, authenticator app, recovery codes"
    assert f"Second factors of Bob Builder removed: {removed}. 1 session ended." in page.messages
    assert not Authenticator.objects.exists()
    assert theirs.get("/connected/").status == 302
    assert sign_in(protected).get("/connected/").status == 200
    event = Event.objects.get(kind=EventKind.SECOND_FACTORS_RESET)
    assert (event.actor, event.person) == (administrator, protected)
    assert event.detail == f"{removed}; 1 session ended"


@pytest.mark.spec("C-36", "ASVS 6.4.4")
@pytest.mark.parametrize(
    ("name", "subject", "says"),
    [
        (END, "[Gatehouse] You were signed out everywhere", "ended all your sessions (1)"),
        (
            RESET,
            "[Gatehouse] Your second factors were removed",
            "removed your second factors (1 passkey, authenticator app, recovery codes)",
        ),
    ],
)
def test_the_person_is_told_by_mail_who_did_it_and_what_to_do(
    console: Browser, protected: User, name: str, subject: str, says: str
) -> None:
    browser_of(protected)
    console.send(console.get(of(protected, name)))
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([protected.email], subject)
    text = str(letter.body)
    assert text.startswith("Hello Bob Builder,\n\nAn administrator ")
    assert says in text
    assert "by: Ada Lovelace (ada)\n- When: " in text
    assert "If you didn't expect this, change your password" in text


@pytest.mark.parametrize("name", [END, RESET])
def test_where_no_mail_arrives_the_administrator_is_told(
    console: Browser, protected: User, settings: Settings, name: str
) -> None:
    browser_of(protected)
    settings.EMAIL_BACKEND = BROKEN
    page = console.follow(console.send(console.get(of(protected, name))))
    assert "The email that tells them couldn't be sent yet. It will be tried again." in page.messages
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    again = User.objects.get(pk=protected.pk)
    browser_of(again)
    if name == RESET:
        TOTP.activate(again, SECRET)
    page = console.get(of(protected, name))
    assert "They don't get an email, because no mail server is set up." in page.text
    assert "couldn't be sent" not in console.follow(console.send(page)).messages
    assert not mail.outbox


@pytest.mark.parametrize(("name", "words"), [(END, "They aren't signed in"), (RESET, "They have no second")])
def test_where_there_is_nothing_nothing_is_offered_or_recorded(
    console: Browser, member: User, name: str, words: str
) -> None:
    page = console.get(of(member, name))
    assert words in page.text
    assert not own_forms(page)
    assert "had no" in console.follow(console.post(of(member, name))).messages
    assert not Event.objects.filter(
        kind__in=[EventKind.SESSIONS_ENDED, EventKind.SECOND_FACTORS_RESET]
    ).exists()
    assert not mail.outbox


@pytest.mark.parametrize("name", [END, RESET])
def test_ones_own_account_is_for_the_security_pages(console: Browser, administrator: User, name: str) -> None:
    TOTP.activate(administrator, SECRET)
    links = console.get(of(administrator, "person")).links()
    assert links["Open Security"] == "/security/"
    assert not {"End sessions Ada Lovelace", "Reset second factors Ada Lovelace"} & links.keys()
    page = console.get(of(administrator, name))
    assert "This is your own account." in page.text
    assert page.links()["Open Security"] == "/security/"
    assert not own_forms(page)
    page = console.follow(console.post(of(administrator, name)))
    assert "This is your own account. Use Security instead." in page.messages
    assert Authenticator.objects.exists()
    with pytest.raises(ValidationError):
        end_all_sessions(administrator, actor=Actor(user=administrator))


@pytest.mark.parametrize("name", [END, RESET])
def test_both_ask_for_a_recent_sign_in_and_nothing_is_done_by_get(
    console: Browser, protected: User, name: str
) -> None:
    theirs = browser_of(protected)
    console.get(of(protected, name))
    age_sign_in(console, minutes=6)
    for page in (console.get(of(protected, name)), console.post(of(protected, name))):
        assert page.answer["Location"].startswith(reverse("account_reauthenticate"))
    assert theirs.get("/connected/").status == 200
    assert Authenticator.objects.count() == 3


@pytest.mark.parametrize("name", [END, RESET])
def test_only_active_people_have_them(console: Browser, member: User, name: str) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert console.get(of(member, name)).status == 404
    assert console.post(of(member, name)).status == 404


@pytest.mark.parametrize("name", [END, RESET])
def test_the_pages_cost_the_same_however_many_there_are(console: Browser, member: User, name: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert console.get(of(member, name)).status == 200
        return len(captured)

    browser_of(member)
    Authenticator.objects.create(user=member, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})
    before = statements()
    for number in range(5):
        browser_of(member)
        Authenticator.objects.create(
            user=member, type=Authenticator.Type.WEBAUTHN, data={"name": str(number)}
        )
    assert statements() == before


@pytest.mark.spec("C-35", "ASVS 7.4.5")
def test_sessions_from_before_an_upgrade_go_on(member: User) -> None:
    """Until all of somebody's sessions are ended, theirs say what Django's say."""
    from django.contrib.auth.base_user import AbstractBaseUser

    assert member.get_session_auth_hash() == AbstractBaseUser.get_session_auth_hash(member)
    end(member)
    member.refresh_from_db()
    assert member.get_session_auth_hash() != AbstractBaseUser.get_session_auth_hash(member)


@contextmanager
def upon(signal: Signal, act: Callable[[], object], sender: type | None = None) -> Iterator[None]:
    """Let something happen in the middle of a request: once, when a signal is sent."""

    def receive(**_: object) -> None:
        signal.disconnect(receive, sender=sender)
        act()

    signal.connect(receive, sender=sender)
    yield
    signal.disconnect(receive, sender=sender)


@pytest.mark.spec("C-35", "ASVS 7.4.5")
@pytest.mark.spec("C-36", "ASVS 6.4.4")
@pytest.mark.parametrize("act", [end, reset])
def test_a_sign_in_that_is_just_being_finished_ends_too(member: User, act: Act) -> None:
    Authenticator.objects.create(user=member, type=Authenticator.Type.RECOVERY_CODES, data={"used_mask": 0})
    with upon(user_logged_in, lambda: act(member)):
        theirs = sign_in(member)
    assert theirs.get("/connected/").status == 302


@pytest.mark.spec("C-36", "ASVS 6.4.4")
@pytest.mark.parametrize("act", [end, reset])
def test_a_sign_in_that_waits_for_its_second_factor_has_to_begin_anew(protected: User, act: Act) -> None:
    theirs = sign_in(protected)
    page = theirs.get(reverse("mfa_authenticate"))
    assert page.status == 200
    act(protected)
    answer = theirs.send(page, reverse("mfa_authenticate"), code=code_of(SECRET))
    assert answer.answer["Location"] == reverse("account_login")
    assert theirs.follow(answer).heading == "Sign in"
    assert theirs.get("/connected/").status == 302


@pytest.mark.spec("C-36", "ASVS 6.4.4")
def test_whoever_waits_at_the_second_factor_when_it_is_reset_signs_in_with_the_password(
    protected: User,
) -> None:
    theirs = sign_in(protected)
    reset(protected)
    again = theirs.get(reverse("mfa_authenticate"))
    assert theirs.follow(again).heading == "Sign in"
    answer = theirs.post(reverse("account_login"), {"login": protected.username, "password": PASSWORD})
    assert theirs.follow(answer).heading.startswith("Welcome")


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("C-36", "ASVS 6.4.4")
def test_a_passkey_that_is_being_added_during_a_reset_does_not_stay(member: User) -> None:
    TOTP.activate(member, SECRET)
    theirs, device = browser_of(member), SoftAuthenticator()
    page = theirs.get(ADD_PASSKEY)
    answer = json.dumps(device.create(options_on(page)))
    with upon(pre_save, lambda: reset(member), Authenticator):
        page = theirs.send(page, name="Intruder", credential=answer)
    assert page.status == 403
    assert page.heading == "Sign in"
    assert not Authenticator.objects.filter(user=member).exists()
    assert not Event.objects.filter(kind=EventKind.PASSKEY_ADDED).exists()
    assert theirs.get("/connected/").status == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("C-36", "ASVS 6.4.4")
def test_an_authenticator_app_that_is_being_set_up_meanwhile_does_not_stay_either(member: User) -> None:
    theirs = browser_of(member)
    page = theirs.get(APP)
    with upon(pre_save, lambda: end(member), Authenticator):
        page = theirs.send(page, APP, code=code_of(secret_on(page)))
    assert page.status == 403
    assert not Authenticator.objects.filter(user=member).exists()
    assert theirs.get("/connected/").status == 302


def test_a_second_factor_of_somebody_whose_sessions_go_on_stays(member: User) -> None:
    theirs = browser_of(member)
    add_passkey(theirs, SoftAuthenticator())
    assert Authenticator.objects.filter(user=member, type=Authenticator.Type.WEBAUTHN).exists()
    with half_a_minute_ago():
        page = theirs.get(APP)
        assert theirs.send(page, APP, code=code_of(secret_on(page))).status == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
@pytest.mark.spec("S-09", "ASVS 15.4.2")
def test_of_six_resets_at_once_one_counts() -> None:
    person = AdministratorFactory.create()
    TOTP.activate(person, SECRET)
    theirs = Client()
    theirs.force_login(person)
    done = [each for each in in_parallel(lambda: reset(person)) if each]
    assert len(done) == 1
    assert Event.objects.filter(kind=EventKind.SECOND_FACTORS_RESET).count() == 1
    assert theirs.get("/connected/").status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
@pytest.mark.spec("S-09", "ASVS 15.4.2")
def test_sign_ins_during_a_reset_begin_before_it_and_end_or_after_it_and_stay() -> None:
    person = AdministratorFactory.create()
    Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data={"used_mask": 0})

    def enter() -> Browser:
        browser = Browser(Client())
        page = browser.post(LOGIN, {"login": person.username, "password": PASSWORD})
        assert page.status in (302, 400)  # 400: the session ended before the response began
        return browser

    acts: list[Callable[[], object]] = [enter, enter, lambda: reset(person), enter, enter]
    browsers = [each for each in all_at_once(acts) if isinstance(each, Browser)]
    person.refresh_from_db()
    assert person.session_version == 1
    going_on = [browser for browser in browsers if browser.get("/connected/").status == 200]
    assert len(sessions_of(person)) == len(going_on)
