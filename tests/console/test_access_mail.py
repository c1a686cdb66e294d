"""Emails to people whose access an administrator revoked."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services.waiting_emails import send_waiting
from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work
from oauthapps.models import AccessToken, Application, Consent
from oauthapps.services.access_mail import MOST_PEOPLE
from oauthapps.services.credentials import add_key, add_secret
from tests.console.pages import Browser
from tests.factories import UserFactory
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth2.conftest import Machine
from tests.oauth_client import OAuthClient

COMMAND = Actor.command("tests")
pytestmark = pytest.mark.spec("Y-108", "ASVS 10.7.3")


def address_of(application: Application, person: User) -> str:
    return reverse("console:revoke-access", args=[application.client_id, person.user_id])


def allow(person: User, *applications: Application) -> None:
    for application in applications:
        Consent.objects.create(user=person, application=application)


def sent_to() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


def test_the_person_is_told_what_was_revoked_by_whom_and_what_to_do(
    console: Browser, member: User, web: Application
) -> None:
    allow(member, web)
    confirmation = console.get(address_of(web, member))
    assert "Bob Builder gets an email" in confirmation.text
    console.send(confirmation)
    (message,) = mail.outbox
    assert message.to == ["bob@example.org"]
    assert message.subject == "[Gatehouse] Access revoked for Field app"
    for said in (
        "An administrator revoked access to your account. It ended immediately.",
        "- Application: Field app\n- Revoked by: Ada Lovelace (ada)\n- When: ",
        "If you use the application again, it asks for your permission first.",
    ):
        assert said in message.body
    assert "key" not in message.body
    assert "\n\n\n" not in message.body


def test_nobody_is_told_who_does_not_wish(
    console: Browser, visitor: Browser, member: User, web: Application
) -> None:
    allow(member, web)
    page = visitor.get("/security/")
    assert "Turn off emails" in page.buttons()
    page = visitor.follow(visitor.post(reverse("access-mail"), {"emails": "off"}))
    assert "Emails about revoked access are off." in page.messages
    event = Event.objects.get(kind=EventKind.PERSON_CHANGED)
    assert (event.actor, event.person, event.changed) == (member, member, "Emails about revoked access")
    for address in (address_of(web, member), reverse("revoke-all-of-person", args=[member.user_id])):
        Consent.objects.update(withdrawn_at=None)
        confirmation = console.get(address)
        assert "Nobody gets an email" in confirmation.text
        console.send(confirmation)
    assert not mail.outbox
    visitor.post(reverse("access-mail"), {"emails": "on"})
    member.refresh_from_db()
    assert member.wants_access_mail


def test_one_email_tells_of_all_that_a_person_allowed(
    console: Browser, member: User, web: Application, single_page: Application
) -> None:
    allow(member, web, single_page)
    confirmation = console.get(reverse("revoke-all-of-person", args=[member.user_id]))
    assert "Bob Builder gets an email" in confirmation.text
    console.send(confirmation)
    (message,) = mail.outbox
    assert message.subject == "[Gatehouse] Access revoked for 2 applications"
    assert "- Application: Field app\n- Application: Timesheet widget\n- Revoked by" in message.body
    assert "one of the applications" in message.body


def test_several_people_are_told_each_for_themselves(console: Browser, web: Application) -> None:
    people = [UserFactory.create() for _ in range(3)]
    for person in (*people, UserFactory.create(wants_access_mail=False), UserFactory.create(is_active=False)):
        allow(person, web)
    confirmation = console.get(reverse("console:revoke-all-access", args=[web.client_id]))
    assert "3 people get an email" in confirmation.text
    console.send(confirmation)
    assert sent_to() == sorted(person.email for person in people)
    assert [len(message.to) for message in mail.outbox] == [1, 1, 1]


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_when_they_are_many_housekeeping_tells_them(console: Browser, web: Application) -> None:
    people = [UserFactory.create() for _ in range(MOST_PEOPLE + 1)]
    for person in (*people, UserFactory.create(wants_access_mail=False), UserFactory.create(is_active=False)):
        allow(person, web)
    confirmation = console.get(reverse("console:revoke-all-access", args=[web.client_id]))
    assert "11 people get an email, some of them only after a while" in confirmation.text
    console.send(confirmation)
    assert not mail.outbox
    send_waiting(Work())
    assert sent_to() == sorted(person.email for person in people)
    message = mail.outbox[0]
    assert message.subject == "[Gatehouse] Access revoked for Field app"
    assert "- Application: Field app\n- Revoked by: Ada Lovelace (ada)\n- When: " in message.body
    send_waiting(Work())
    assert len(mail.outbox) == len(people)


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_of_a_machine_application_many_are_told_once_each(
    console: Browser, machine: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oauthapps.services.revocation.SLICE", 4)
    key, now = "digest", timezone.now()
    people = [UserFactory.create() for _ in range(MOST_PEOPLE + 1)]
    AccessToken.objects.bulk_create(
        AccessToken(
            user=person,
            application=machine,
            token_checksum=f"{key}{number}",
            expires=now + timedelta(hours=1),
            scope="read",
        )
        for number, person in enumerate(people * 2)
    )
    console.send(console.get(reverse("console:revoke-all-access", args=[machine.client_id])))
    send_waiting(Work())
    assert sent_to() == sorted(person.email for person in people)
    assert "with a key that an administrator set up" in mail.outbox[0].body


def test_of_older_access_the_email_says_from_before_when(
    console: Browser, member: User, web: Application
) -> None:
    allow(member, web)
    Consent.objects.update(first_allowed_at="2026-01-02T00:00Z", last_allowed_at="2026-01-02T00:00Z")
    console.post(reverse("console:revoke-older-access", args=[web.client_id]) + "?date=2026-02-01")
    (message,) = mail.outbox
    assert "access to your account that was allowed before Feb 1, 2026. It ended" in message.body


def test_of_a_machine_application_the_email_says_that_a_key_acts(
    console: Browser, member: User, machine: Application
) -> None:
    key = add_key(machine, public_pem(SIGNING_KEY), user=member, actor=COMMAND)
    holder = Machine(machine, OAuthClient(machine.client_id, add_secret(machine, actor=COMMAND).value), key)
    holder.client.exchange_jwt(holder.assertion())
    console.send(console.get(address_of(machine, member)))
    (message,) = mail.outbox
    assert "Nightly export acts on your behalf without asking, with a key" in message.body
    assert "asks for your permission" not in message.body


def test_a_second_press_and_nothing_to_revoke_tell_nobody(
    console: Browser, member: User, web: Application
) -> None:
    allow(member, web)
    for _ in range(2):
        console.post(address_of(web, member))
    day = timezone.now() - timedelta(days=1)
    allow(UserFactory.create(), web)
    console.post(reverse("console:revoke-older-access", args=[web.client_id]) + f"?date={day:%Y-%m-%d}")
    assert sent_to() == ["bob@example.org"]


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_a_mail_server_that_fails_undoes_nothing_and_is_asked_once_now_and_again_later(
    console: Browser, web: Application, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    people = [UserFactory.create() for _ in range(3)]
    for person in people:
        allow(person, web)
    page = console.send(console.get(reverse("console:revoke-all-access", args=[web.client_id])))
    assert "Access revoked: 3 people" in console.follow(page).messages
    assert not Consent.objects.active().exists()
    assert caplog.text.count("could not be sent") == 1
    settings.EMAIL_BACKEND = working
    send_waiting(Work())
    assert sent_to() == sorted(person.email for person in people)
