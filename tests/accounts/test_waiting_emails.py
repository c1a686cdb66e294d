"""Emails that wait: sent once, tried again, given up, and never with a secret."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User, WaitingEmail
from accounts.services import waiting_emails
from accounts.services.security_mail import send_second_factors_reset, send_sessions_ended
from accounts.services.waiting_emails import MAY_WAIT, MOST_ATTEMPTS, claim, queue, send_claimed, send_waiting
from audit.models import Event, EventKind
from common.times import short_time
from common.work import Work
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SESSIONS_ENDED = "people/email/sessions_ended"
CONTEXT = {"count": 2, "by": {"display_name": "Ada", "username": "ada"}, "at": timezone.now()}


class Refusing(EmailBackend):
    """A mail server that takes nothing for one person, and for all others everything."""

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if message.to == ["refused@example.org"]:
                raise smtplib.SMTPRecipientsRefused({})
        return super().send_messages(messages)


class Breaking(EmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, _messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected


class Gone(EmailBackend):
    """A mail server that nobody reaches."""

    def open(self) -> bool:
        raise ConnectionRefusedError


@pytest.fixture
def person() -> User:
    created: User = UserFactory.create(email="bo@example.org")
    return created


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def use(settings: Settings, backend: type[EmailBackend]) -> None:
    settings.EMAIL_BACKEND = f"{backend.__module__}.{backend.__qualname__}"


def sent(work: Work | None = None) -> dict[str, int]:
    work = work or Work()
    send_waiting(work)
    return dict(work.counts)


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_each_is_sent_once(person: User) -> None:
    queue(SESSIONS_ENDED, [person.pk, UserFactory.create().pk], CONTEXT)
    assert sent() == {"sent_emails": 2}
    assert sent() == {}
    assert mail.outbox[0].to == ["bo@example.org"]
    assert "Ada" in mail.outbox[0].body
    assert not WaitingEmail.objects.exists()


@pytest.mark.spec("O-38", "ASVS 14.2.6")
def test_nothing_waits_that_has_a_link(person: User) -> None:
    with pytest.raises(ValueError, match="invitation"):
        queue("people/email/invitation", [person.pk], {"link": "https://gatehouse.example/?key=x"})
    for template in MAY_WAIT:
        for part in ("subject", "message"):
            text = (TEMPLATES / f"{template}_{part}.txt").read_text()
            assert not [word for word in ("link", "key }", "code", "password }") if f"{{{{ {word}" in text]


@pytest.mark.spec("O-39", "operation")
def test_one_that_is_refused_keeps_no_other_and_is_given_up_in_the_end(
    settings: Settings, person: User, now: time_machine.Traveller
) -> None:
    use(settings, Refusing)
    refused = UserFactory.create(email="refused@example.org")
    queue(SESSIONS_ENDED, [refused.pk, person.pk], CONTEXT)
    assert sent() == {"refused_emails": 1, "sent_emails": 1}
    waited = []
    for _ in range(MOST_ATTEMPTS - 1):
        email = WaitingEmail.objects.get()
        waited.append((email.due_at - timezone.now()).total_seconds() / 60)
        assert sent() == {}
        now.move_to(email.due_at)
        last = sent()
    assert waited == [0.5, 1, 2, 4, 8, 16, 32, 64]
    assert last == {"undelivered_emails": 1}
    assert not WaitingEmail.objects.exists()
    event = Event.objects.get()
    assert (event.kind, event.person, event.detail) == (EventKind.EMAIL_GIVEN_UP, refused, "sessions ended")
    assert event.actor_name == "Housekeeping"


@pytest.mark.spec("O-39", "operation")
@pytest.mark.parametrize("backend", [Gone, Breaking])
def test_while_the_mail_server_is_away_they_wait_and_after_three_days_nobody_needs_them(
    settings: Settings, person: User, now: time_machine.Traveller, backend: type[EmailBackend]
) -> None:
    working = settings.EMAIL_BACKEND
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    use(settings, backend)
    with pytest.raises((OSError, smtplib.SMTPException)):
        sent()
    now.shift(timedelta(hours=1))
    settings.EMAIL_BACKEND = working
    assert sent() == {"sent_emails": 1}
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    now.shift(timedelta(days=3, seconds=1))
    assert sent() == {"undelivered_emails": 1}
    assert len(mail.outbox) == 1


@pytest.mark.spec("O-36", "operation")
def test_who_was_suspended_after_a_claim_sends_nothing(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    claimed = claim(Work())
    assert claimed
    assert claim(Work()) is None
    monkeypatch.setattr(waiting_emails, "monotonic", lambda: claimed.at + 120)
    send_claimed(claimed, mail.get_connection(), Work())
    assert not mail.outbox
    assert WaitingEmail.objects.exists()


@pytest.mark.spec("O-36", "operation")
def test_one_that_is_sent_again_has_the_same_id(person: User) -> None:
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    for _ in range(2):  # killed before it could be forgotten
        waiting = WaitingEmail.objects.get()
        WaitingEmail.objects.update(due_at=timezone.now())
        assert sent() == {"sent_emails": 1}
        waiting.save(force_insert=True)
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_nobody_is_told_who_was_deactivated_since(person: User) -> None:
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    User.objects.update(is_active=False)
    assert sent() == {}
    assert not mail.outbox
    assert not WaitingEmail.objects.exists()


@pytest.mark.spec("O-37", "ASVS 6.3.7")
def test_what_an_administrator_did_is_told_later_if_not_at_once(settings: Settings, person: User) -> None:
    working = settings.EMAIL_BACKEND
    use(settings, Breaking)
    assert not send_sessions_ended(person, count=3, by=person)
    assert not send_second_factors_reset(person, removed="1 passkey", by=person)
    settings.EMAIL_BACKEND = working
    assert sent() == {"sent_emails": 2}
    assert "ended all your sessions (3)" in mail.outbox[0].body
    assert "removed your second factors (1 passkey)" in mail.outbox[1].body
    assert f"When: {short_time(timezone.now())[:12]}" in mail.outbox[1].body


@pytest.mark.spec("O-39", "operation")
def test_one_that_cannot_be_written_keeps_no_other(person: User) -> None:
    queue(SESSIONS_ENDED, [person.pk], {**CONTEXT, "at": "when?"})
    queue(SESSIONS_ENDED, [person.pk], CONTEXT)
    assert sent() == {"refused_emails": 1, "sent_emails": 1}
