"""Inviting people: the link, what it is good for, and taking it back."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import OneTimeLink, Organization, Role, Status, User
from audit.models import Event, EventKind
from tests.console.pages import Browser, Page

INVITE = "/people/new"
ZORA = {"name": "Zora Neale", "username": "zora", "email": "zora@example.org", "role": "member"}
PASSWORD = "a password of her own"
SET_PASSWORD = "/accounts/password/link/"


@pytest.fixture
def without_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"


def invite(console: Browser, **changes: str) -> Page:
    return console.send(console.get(INVITE), **ZORA | changes)


def path_of(link: str) -> str:
    return link.removeprefix("http://testserver.localhost")


def link_on(page: Page) -> str:
    return path_of(page.by_id("invitation-link").get("value", ""))


def take_up(link: str, password: str = PASSWORD) -> Page:
    theirs = Browser(Client())
    return theirs.send(theirs.get(link), SET_PASSWORD, password1=password, password2=password)


def zora() -> User:
    return User.objects.get(username="zora")


def test_an_invitation_is_mailed_and_its_bearer_chooses_the_password(
    console: Browser, administrator: User
) -> None:
    page = console.follow(invite(console))
    assert "was sent to zora@example.org" in page.messages
    assert page.heading == "Zora Neale"
    (message,) = mail.outbox
    assert message.to == ["zora@example.org"]
    found = re.search(r"http\S+", str(message.body))
    assert found
    assert found[0] not in page.content

    person = zora()
    assert person.status == Status.INVITED
    assert not Client().login(username="zora", password="")
    assert Browser(Client()).get(path_of(found[0])).heading == "Welcome, Zora Neale"
    assert take_up(path_of(found[0])).answer["Location"] == reverse("account_login")
    person.refresh_from_db()
    assert (person.status, person.role) == (Status.ACTIVE, Role.MEMBER)
    assert Client().login(username="zora", password=PASSWORD)
    kinds = Event.objects.filter(person=person).order_by("pk").values_list("kind", "actor")
    assert list(kinds)[:2] == [
        (EventKind.PERSON_INVITED, administrator.pk),
        (EventKind.INVITATION_ACCEPTED, None),
    ]


def test_without_a_mail_server_the_link_is_shown_once(console: Browser, without_mail: None) -> None:
    page = invite(console)
    link = link_on(page)
    assert page.answer["Cache-Control"] == "no-store"
    assert page.heading == "Invitation for Zora Neale"
    assert link not in console.get(f"/people/{zora().user_id}/").content
    assert take_up(link).status == 302


def test_where_the_mail_server_fails_the_link_is_shown_as_well(
    console: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    page = invite(console)
    assert "The invitation couldn't be emailed" in page.text
    assert take_up(link_on(page)).status == 302


@pytest.mark.spec("C-13", "ASVS 6.4.1")
def test_nothing_of_the_link_is_kept_in_clear(console: Browser, without_mail: None) -> None:
    key = link_on(invite(console)).partition("key=")[2]
    kept = str([*OneTimeLink.objects.values(), *Event.objects.values(), *User.objects.values()])
    assert key not in kept
    assert len(key) == 43


def test_the_list_shows_who_is_invited(console: Browser) -> None:
    invite(console)
    text = console.get("/people/", status="invited").text
    assert "Zora Neale" in text
    assert "1 person found" in text
    assert "Never" in text


@pytest.mark.spec("C-13", "ASVS 6.4.1")
def test_an_invitation_works_once(console: Browser, without_mail: None) -> None:
    link = link_on(invite(console))
    take_up(link)
    assert Browser(Client()).get(link).heading == "This link has expired or was already used"
    answer = Client().post(
        SET_PASSWORD, {"key": link.partition("key=")[2], "password1": "x", "password2": "x"}
    )
    assert answer.status_code == 400
    assert Client().login(username="zora", password=PASSWORD)


@pytest.mark.spec("C-13", "ASVS 6.4.1")
@pytest.mark.parametrize(("hours", "status"), [(7 * 24 - 1, 200), (7 * 24 + 1, 400)])
def test_an_invitation_is_good_for_seven_days(
    console: Browser, without_mail: None, hours: int, status: int
) -> None:
    link = link_on(invite(console))
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert Client().get(link).status_code == status


@pytest.mark.spec("C-13", "ASVS 6.2.4")
def test_a_common_password_is_refused_and_the_link_goes_on(console: Browser, without_mail: None) -> None:
    link = link_on(invite(console))
    page = take_up(link, "password123")
    assert page.status == 422
    assert "too common" in page.alerts()
    assert take_up(link).status == 302


def test_a_withdrawn_invitation_is_over_and_can_be_made_anew(console: Browser, without_mail: None) -> None:
    earlier = link_on(invite(console))
    address = f"/people/{zora().user_id}/"
    page = console.follow(console.send(console.get(f"{address}invitation/withdrawal/")))
    assert "was withdrawn" in page.messages
    assert "There is no open invitation" in page.text
    assert Client().get(earlier).status_code == 400
    newer = link_on(console.send(console.get(f"{address}invitation/")))
    assert "Expires" in console.get(address).text
    newest = link_on(console.send(console.get(f"{address}invitation/")))
    assert Client().get(newer).status_code == 400
    assert take_up(newest).status == 302
    kinds = list(Event.objects.filter(person=zora()).order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        EventKind.PERSON_INVITED,
        EventKind.INVITATION_WITHDRAWN,
        EventKind.PERSON_INVITED,
        EventKind.PERSON_INVITED,
        EventKind.INVITATION_ACCEPTED,
    ]


def test_an_expired_invitation_says_so_and_offers_another(console: Browser, without_mail: None) -> None:
    invite(console)
    OneTimeLink.objects.update(expires_at=timezone.now())
    page = console.get(f"/people/{zora().user_id}/")
    assert "The invitation has expired." in page.text
    assert "Invite again Zora Neale" in page.links()
    assert "Withdraw invitation Zora Neale" not in page.links()


def test_a_new_address_ends_the_link_that_went_to_the_old_one(console: Browser, without_mail: None) -> None:
    link = link_on(invite(console))
    change = reverse("change-person", args=[zora().user_id])
    assert console.send(console.get(change), email="right@example.org").status == 302
    assert Client().get(link).status_code == 400


def test_somebody_who_has_joined_is_not_invited_again(console: Browser, member: User) -> None:
    assert console.get(reverse("invite-again", args=[member.user_id])).status == 404
    assert console.post(reverse("withdraw-invitation", args=[member.user_id])).status == 404
    assert "Invite again" not in console.get(reverse("person", args=[member.user_id])).text


def test_an_invited_person_is_neither_activated_nor_given_a_password_link(
    console: Browser, without_mail: None
) -> None:
    invite(console)
    for name in ("activate-person", "deactivate-person", "password-link"):
        assert console.post(reverse(name, args=[zora().user_id])).status == 404


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("username", "Ada", "Another person has this username."),
        ("username", "", "This field is required."),
        ("email", "", "This field is required."),
        ("role", None, "This field is required."),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_and_nothing_is_lost(
    console: Browser, field: str, value: str | None, complaint: str
) -> None:
    fields: dict[str, str | None] = {**ZORA, field: value}
    page = console.send(console.get(INVITE), "", **fields)
    assert page.status == 422
    assert complaint in page.alerts()
    assert page.field("name").get("value") == "Zora Neale"
    assert mail.outbox == []
    assert not User.objects.filter(email=ZORA["email"]).exists()


def test_a_name_of_two_lines_invites_nobody(console: Browser) -> None:
    page = invite(console, name="Zora\r\nBcc: eve@example.org")
    assert page.status == 422
    assert "U+000D" in page.alerts()
    assert mail.outbox == []


def test_names_cannot_write_into_the_letter(console: Browser) -> None:
    Organization.objects.update_or_create(
        id=Organization.THE_ONE, defaults={"name": "Wiedekamp\r\nBcc: eve@example.org"}
    )
    invite(console)
    (message,) = mail.outbox
    assert message.recipients() == ["zora@example.org"]
    assert message.subject == "[Gatehouse] Invitation from Wiedekamp Bcc: eve@example.org"
    assert "Bcc" not in dict(message.message())
