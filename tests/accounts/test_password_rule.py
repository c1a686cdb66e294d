"""Where people sign in with an identity provider, a rule says who may still use a password or a passkey."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import IdentityProvider, LinkPurpose, PasswordRule, Role, User, WaitingEmail
from accounts.services import password_rule
from accounts.services.links import create_link_key, create_password_link, link_url
from audit.actors import Actor
from audit.models import Event, EventKind
from tests.accounts.providers import add_provider, set_rule
from tests.accounts.test_waiting_emails import sent
from tests.accounts.ways_in import LOGIN, WITH_PASSKEY, Visitor, prepare_passkey, show
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.sign_ins import age_sign_in, sign_in_now

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
NEW_PASSWORD = "an unusual pair of green trousers"


@pytest.fixture
def provider(db: None) -> IdentityProvider:
    return add_provider()


@pytest.fixture
def administrator(db: None) -> User:
    administrator: User = AdministratorFactory.create()
    return administrator


@pytest.fixture
def emergency(db: None) -> User:
    emergency: User = AdministratorFactory.create(username="break-glass")
    return emergency


def try_password(person: User, password: str = PASSWORD) -> Any:
    return Client().post(LOGIN, {"login": person.username, "password": password})


def signs_in(person: User) -> bool:
    return bool(try_password(person).status_code == 302)


ALLOWED = {
    PasswordRule.EVERYBODY: {Role.MEMBER, Role.AUDITOR, Role.ADMINISTRATOR},
    PasswordRule.ADMINISTRATORS: {Role.ADMINISTRATOR},
    PasswordRule.EMERGENCY: set(),
}


@pytest.mark.spec("I-80", "the console")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("rule", PasswordRule)
def test_the_rule_says_whose_right_password_signs_in(
    provider: IdentityProvider, emergency: User, rule: PasswordRule, role: Role
) -> None:
    set_rule(rule, emergency)
    person = UserFactory.create(role=role)
    assert signs_in(person) == (role in ALLOWED[rule])
    assert signs_in(emergency)


@pytest.mark.spec("I-81", "the console")
def test_the_rule_counts_only_while_a_provider_is_enabled(provider: IdentityProvider, ada: User) -> None:
    set_rule(PasswordRule.EMERGENCY)
    assert not signs_in(ada)
    IdentityProvider.objects.update(is_enabled=False)
    assert signs_in(ada)
    IdentityProvider.objects.all().delete()
    assert signs_in(ada)


@pytest.mark.spec("I-82", "ASVS 6.3.8")
def test_a_right_password_that_is_closed_is_answered_as_a_wrong_one(
    provider: IdentityProvider, ada: User
) -> None:
    set_rule(PasswordRule.EMERGENCY)
    pages = [
        Browser(Client()).post(LOGIN, {"login": login, "password": password}).text
        for login, password in ((ada.username, PASSWORD), (ada.username, "wrong"), ("nobody", "wrong"))
    ]
    assert len(set(pages)) == 1
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert try_password(ada).status_code == 200  # and not the page for inactive people


@pytest.mark.spec("I-82", "ASVS 6.3.8")
def test_it_is_compared_all_the_same_so_that_it_takes_as_long(
    provider: IdentityProvider, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_rule(PasswordRule.EMERGENCY)
    hashed: list[str] = []
    compare = User.check_password

    def counting(person: User, password: str) -> bool:
        hashed.append(password)
        return compare(person, password)

    monkeypatch.setattr(User, "check_password", counting)
    assert not signs_in(ada)
    assert hashed == [PASSWORD]


@pytest.mark.spec("I-82", "ASVS 6.3.8")
def test_the_log_says_why_a_password_was_refused(provider: IdentityProvider, ada: User) -> None:
    set_rule(PasswordRule.EMERGENCY)
    try_password(ada)
    event = Event.objects.get(kind=EventKind.SIGN_IN_FAILED)
    assert (event.person, event.detail) == (ada, "has to sign in with an identity provider")


def offers_passkey(person: User, device: SoftAuthenticator) -> Any:
    browser = Visitor()
    return show(browser, browser.get(LOGIN, local="1"), device)


@pytest.mark.spec("I-83", "the console")
def test_a_passkey_signs_in_whoever_may_use_a_password_and_nobody_else(
    ada: User, administrator: User
) -> None:
    devices = {person: prepare_passkey(person) for person in (ada, administrator)}
    add_provider()
    set_rule(PasswordRule.ADMINISTRATORS)
    refused = offers_passkey(ada, devices[ada])
    assert refused.answer["Location"].startswith(LOGIN)
    assert offers_passkey(administrator, devices[administrator]).answer["Location"] == "/"


@pytest.mark.spec("I-83", "the console")
def test_a_passkey_of_somebody_who_is_gone_is_refused(ada: User) -> None:
    device = prepare_passkey(ada)
    browser = Visitor()
    page = browser.get(LOGIN)
    challenge = browser.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    answer = device.get(challenge["request_options"]["publicKey"])
    answer["response"]["userHandle"] = "OTk5OTk5"  # 999999
    refused = browser.send(page, WITH_PASSKEY, credential=json.dumps(answer))
    assert refused.answer["Location"] == LOGIN


@pytest.mark.spec("I-84", "the console")
def test_a_forgotten_password_is_mailed_about_only_to_who_may_use_one(
    provider: IdentityProvider, ada: User, administrator: User
) -> None:
    set_rule(PasswordRule.ADMINISTRATORS)
    answers = [Client().post(RESET, {"email": person.email}) for person in (ada, administrator)]
    assert [message.to for message in mail.outbox] == [[administrator.email]]
    assert answers[0]["Location"] == answers[1]["Location"]


@pytest.mark.spec("I-84", "the console")
@pytest.mark.parametrize("purpose", [LinkPurpose.MAILED, LinkPurpose.HANDED_OVER])
def test_a_link_from_before_sets_no_password(
    provider: IdentityProvider, ada: User, purpose: LinkPurpose
) -> None:
    url = link_url(create_link_key(ada, purpose))
    set_rule(PasswordRule.EMERGENCY)
    assert Client().get(url).status_code == 400
    form = {"key": url.partition("key=")[2], "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert Client().post("/accounts/password/link/", form).status_code == 400
    set_rule(PasswordRule.EVERYBODY)
    assert Client().get(url).status_code == 200
    assert signs_in(ada)


@pytest.mark.spec("I-84", "the console")
def test_no_link_is_made_for_whoever_may_not_use_a_password(
    provider: IdentityProvider, ada: User, administrator: User
) -> None:
    set_rule(PasswordRule.ADMINISTRATORS)
    console = Client()
    sign_in_now(console, administrator)
    browser, link_page = Browser(console), f"/people/{ada.user_id}/password-link/"
    assert "Create password reset link" not in browser.get(f"/people/{ada.user_id}/").text
    assert f"Let {ada.display_name} link an account?" in browser.get(link_page).text
    unseen = browser.post(link_page)  # as from the page of a password link, opened before the rule
    assert f"Let {ada.display_name} link an account?" in unseen.text
    assert not ada.one_time_links.exists()
    page = browser.follow(browser.send(unseen, allow_linking=""))
    assert "can link an account at their next sign-in." in page.messages
    assert [each.purpose for each in ada.one_time_links.all()] == ["linking"]
    with pytest.raises(ValidationError):
        create_password_link(ada, actor=Actor.command("tests"))


@pytest.mark.spec("I-85", "the console")
def test_there_is_no_password_to_change_for_whoever_may_not_use_one(
    provider: IdentityProvider, ada: User
) -> None:
    browser = browser_of(ada)
    assert "Change password" in browser.get("/security/").links()
    assert "Change password" in browser.get("/").links()
    set_rule(PasswordRule.EMERGENCY)
    assert "Change password" not in browser.get("/security/").links()
    assert "Change password" not in browser.get("/").links()
    page = browser.follow(browser.get(CHANGE))
    assert "there is no password to change here" in page.messages
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post(CHANGE, form).answer["Location"] == "/security/"
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.spec("I-85", "the console")
def test_whoever_has_no_password_is_told_how_to_get_one(ada: User) -> None:
    ada.set_unusable_password()
    ada.save()
    browser = browser_of(ada)
    assert "Change password" not in browser.get("/security/").links()
    assert "You have no password here." in browser.follow(browser.get(CHANGE)).messages


@pytest.mark.spec("I-86", "the console")
def test_a_password_confirms_nothing_where_it_is_closed(
    provider: IdentityProvider, ada: User, administrator: User
) -> None:
    prepared = prepare_passkey(ada)
    assert prepared
    set_rule(PasswordRule.ADMINISTRATORS)
    client = Client()
    sign_in_now(client, ada)
    browser = Browser(client)
    age_sign_in(browser, minutes=6)
    asked = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert asked.status == 302
    assert asked.answer["Location"].startswith("/accounts/reauthenticate/passkey/")


def by_password(person: User) -> Any:
    return try_password(person)


def by_passkey(person: User) -> Any:
    return offers_passkey(person, prepare_passkey(person))


@pytest.mark.spec("I-87", "the console")
@pytest.mark.parametrize("way", [by_password, by_passkey])
@pytest.mark.parametrize("rule", PasswordRule)
def test_the_use_of_the_emergency_account_is_recorded_and_mailed_to_all_administrators(
    emergency: User, administrator: User, ada: User, rule: PasswordRule, way: Callable[[User], Any]
) -> None:
    add_provider()
    set_rule(rule, emergency)
    way(emergency)
    event = Event.objects.get(kind=EventKind.EMERGENCY_SIGN_IN)
    assert (event.actor, event.person, event.address) == (emergency, emergency, "127.0.0.1")
    waiting = WaitingEmail.objects.filter(template="people/email/emergency_sign_in")
    assert {email.user for email in waiting} == {emergency, administrator}
    assert waiting[0].context["account"]["username"] == "break-glass"


@pytest.mark.spec("I-87", "the console")
def test_nobody_else_is_reported_and_no_failure_is(
    provider: IdentityProvider, emergency: User, administrator: User
) -> None:
    set_rule(PasswordRule.ADMINISTRATORS, emergency)
    assert signs_in(administrator)
    assert try_password(emergency, "wrong").status_code == 200
    assert not Event.objects.filter(kind=EventKind.EMERGENCY_SIGN_IN).exists()


@pytest.mark.spec("I-87", "the console")
def test_the_mail_names_account_place_and_time(provider: IdentityProvider, emergency: User) -> None:
    set_rule(PasswordRule.EMERGENCY, emergency)
    with time_machine.travel("2026-11-28T04:00:00Z", tick=False):
        try_password(emergency)
        sent()
    (message,) = mail.outbox
    assert "emergency account was used" in message.subject
    assert "(break-glass)" in message.body
    assert "IP address: 127.0.0.1" in message.body
    assert "2026" in message.body


def test_the_condition_says_the_same_of_people_and_through_a_relation(
    provider: IdentityProvider, ada: User, emergency: User
) -> None:
    set_rule(PasswordRule.EMERGENCY, emergency)
    for person in (ada, emergency):
        create_link_key(person, LinkPurpose.HANDED_OVER)
    closed = User.objects.filter(password_rule.must_use_provider())
    assert list(closed) == [ada]
    of_links = type(ada.one_time_links.get()).objects.filter(password_rule.must_use_provider("user__"))
    assert [link.user for link in of_links] == [ada]
    assert not password_rule.may_use_password(ada)
    assert password_rule.may_use_password(emergency)
