"""Emails before a secret or key expires: 30, 7 and 1 days ahead, each once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from pytest_django import Settings

from accounts.models import User, WaitingEmail
from accounts.services.waiting_emails import send_waiting
from audit.actors import Actor
from common.work import Work
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.app_types import AppType
from oauthapps.services import expiry_warnings
from oauthapps.services.applications import disable_application, enable_application
from oauthapps.services.credential_edits import change_expiry
from oauthapps.services.credentials import add_key, add_secret, delete_secret
from oauthapps.services.expiry_warnings import warn_of_expiries
from server.housekeeping.running import run_due
from tests.factories import UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
LAST_DAY, END = date(2027, 3, 31), datetime(2027, 4, 1, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner(db: None) -> User:
    person: User = UserFactory.create(name="Olga", email="olga@example.org")
    return person


@pytest.fixture
def web(owner: User) -> Application:
    created = make_application(
        AppType.WEB,
        name="Field app",
        owner=owner,
        settings={"first_contact": "team@example.net"},
        secret_last_day=LAST_DAY,
    )
    return created.application


def mailed() -> list[str]:
    """Whom housekeeping mails, with the subjects."""
    mail.outbox.clear()
    warn_of_expiries(Work())
    send_waiting(Work())
    return sorted(f"{message.to[0]}: {message.subject}" for message in mail.outbox)


@pytest.mark.spec("U-98", "the console")
def test_owner_and_contacts_are_told_30_7_and_1_days_ahead_each_once(
    web: Application, clock: time_machine.Traveller
) -> None:
    subject = "[Gatehouse] Client secret of Field app expires after Mar 31, 2027 (UTC)"
    told = []
    for hour in range(24 * 31 + 12):
        clock.move_to(END - timedelta(days=31) + timedelta(hours=hour))
        if found := mailed():
            assert found == [f"olga@example.org: {subject}", f"team@example.net: {subject}"]
            told.append((END - timedelta(days=31) + timedelta(hours=hour)).isoformat(" ", "minutes"))
    assert [END - datetime.fromisoformat(at) for at in told] == [
        timedelta(days=30),
        timedelta(days=7),
        timedelta(days=1),
    ]


@pytest.mark.spec("U-98", "the console")
def test_the_email_says_which_until_when_and_where_to_replace_it(
    web: Application, clock: time_machine.Traveller
) -> None:
    ClientSecret.objects.update(notes="Vault")
    clock.move_to(END - timedelta(days=7))
    mailed()
    secret, body = web.secrets.get(), mail.outbox[0].body
    assert "Hello Olga," in body
    for line in (
        "- Application: Field app",
        f"- Client secret: {secret.masked} (Vault)",
        "- Last day: Mar 31, 2027 (UTC)",
    ):
        assert line in body.splitlines()
    assert f"/console/applications/{web.client_id}/secrets/{secret.pk}/replacement/" in body


@pytest.mark.spec("U-98", "the console")
def test_a_warning_that_was_missed_is_made_up_for_by_one(
    web: Application, clock: time_machine.Traveller
) -> None:
    clock.move_to(END - timedelta(hours=9))
    assert len(mailed()) == 2
    assert mailed() == []


@pytest.mark.spec("U-98", "the console")
def test_another_last_day_is_warned_of_anew(web: Application, clock: time_machine.Traveller) -> None:
    clock.move_to(END - timedelta(days=5))
    assert len(mailed()) == 2
    change_expiry(web.secrets.get(), last_day=LAST_DAY + timedelta(days=9), actor=ADMINISTRATOR)
    assert len(mailed()) == 2
    change_expiry(web.secrets.get(), last_day=None, actor=ADMINISTRATOR)
    assert mailed() == []


@pytest.mark.spec("U-98", "the console")
def test_keys_are_warned_of_as_well_and_what_does_not_work_is_not(
    web: Application, clock: time_machine.Traveller
) -> None:
    add_key(web, public_pem(SIGNING_KEY), user=None, actor=ADMINISTRATOR, last_day=LAST_DAY)
    delete_secret(web.secrets.get(), actor=ADMINISTRATOR)
    clock.move_to(END - timedelta(days=1))
    disable_application(web, actor=ADMINISTRATOR)
    assert mailed() == []
    enable_application(web, actor=ADMINISTRATOR)
    assert [line.partition("] ")[2] for line in mailed()] == [
        "Public key of Field app expires after Mar 31, 2027 (UTC)"
    ] * 2
    clock.move_to(END)
    assert mailed() == []


@pytest.mark.spec("U-98", "the console")
def test_nobody_is_told_twice_or_after_they_left(
    web: Application, owner: User, clock: time_machine.Traveller
) -> None:
    Application.objects.update(first_contact="Olga@Example.org", second_contact="olga@example.org")
    clock.move_to(END - timedelta(days=7))
    assert len(mailed()) == 1
    clock.move_to(END - timedelta(days=1))
    User.objects.update(is_active=False)
    assert mailed() == []


@pytest.mark.spec("U-98", "the console")
def test_a_mail_server_that_is_set_later_sends_what_is_still_true(
    web: Application, clock: time_machine.Traveller, settings: Settings
) -> None:
    with_mail = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    clock.move_to(END - timedelta(days=6))
    warn_of_expiries(Work())
    assert not WaitingEmail.objects.exists()
    settings.EMAIL_BACKEND = with_mail
    assert len(mailed()) == 2


@pytest.mark.spec("U-96", "operation")
def test_whoever_is_killed_leaves_it_to_the_next_one(
    web: Application, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(END - timedelta(days=7))

    def die(_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(expiry_warnings, "tell_of_expiry", die)
        with pytest.raises(KeyboardInterrupt):
            warn_of_expiries(Work())
    assert web.secrets.get().warned_days is None
    assert len(mailed()) == 2


@pytest.mark.spec("U-98", "operation")
def test_the_servers_do_it_by_themselves(web: Application, clock: time_machine.Traveller) -> None:
    for _ in range(60):
        add_secret(web, actor=ADMINISTRATOR, last_day=LAST_DAY)
    clock.move_to(END - timedelta(days=7))
    works = run_due("here") or []
    counts = {work.run.job: dict(work.counts) for work in works}
    assert counts["credentials"] == {"expiry_emails": 2 * 61}
