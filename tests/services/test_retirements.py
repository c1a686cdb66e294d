"""Retiring a secret or key on a day: it is deleted then, unless somebody still uses it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from pytest_django import Settings

from accounts.models import User, WaitingEmail
from accounts.services.waiting_emails import send_waiting
from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work
from oauthapps.errors import InvalidExpiryError
from oauthapps.models import Application, ClientSecret, CredentialCaller, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services import retirements
from oauthapps.services.applications import delete_application
from oauthapps.services.credential_mail import responsible_for
from oauthapps.services.credentials import add_key, delete_secret
from oauthapps.services.retirements import retire_due, schedule_retirement
from oauthapps.services.tokens import record_use
from server.housekeeping.running import run_due
from tests.factories import UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth_client import TOKEN, OAuthClient
from tests.parallel import all_at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
DAY = date(2027, 1, 31)
LAST_MOMENT, DUE = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def owner(db: None) -> User:
    person: User = UserFactory.create(name="Olga", email="olga@example.org")
    return person


@pytest.fixture
def machine(clock: time_machine.Traveller, owner: User) -> Application:
    contacts = {"first_contact": "OLGA@example.org", "second_contact": "team@example.net"}
    return make_application(
        AppType.MACHINE_TO_MACHINE, name="Nightly export", owner=owner, settings=contacts
    ).application


@pytest.fixture
def secret(machine: Application) -> ClientSecret:
    row: ClientSecret = machine.secrets.get()
    return row


@pytest.fixture
def key(machine: Application) -> PublicKey:
    return add_key(machine, public_pem(SIGNING_KEY), user=None, actor=ADMINISTRATOR)


def retire_on(credential: ClientSecret | PublicKey, day: date | None = DAY) -> bool:
    return schedule_retirement(credential, day=day, actor=ADMINISTRATOR)


def housekeeping() -> dict[str, int]:
    work = Work()
    retire_due(work)
    return dict(work.counts)


def use(credential: ClientSecret | PublicKey, at: datetime) -> None:
    type(credential).objects.filter(pk=credential.pk).update(last_used_at=at)


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.spec("U-92", "the console")
def test_it_is_deleted_at_the_end_of_its_day_and_not_before(
    secret: ClientSecret, key: PublicKey, clock: time_machine.Traveller
) -> None:
    assert retire_on(secret)
    assert retire_on(key)
    clock.move_to(LAST_MOMENT)
    assert housekeeping() == {}
    clock.move_to(DUE)
    assert housekeeping() == {"retired_secrets": 1, "retired_keys": 1}
    for credential in (secret, key):
        credential.refresh_from_db()
        assert (credential.deleted_at, credential.deleted_by) == (DUE, None)
    deleted = Event.objects.filter(kind__in=[EventKind.SECRET_DELETED, EventKind.KEY_DELETED])
    assert [event.actor_name for event in deleted] == ["Housekeeping", "Housekeeping"]
    assert housekeeping() == {}


@pytest.mark.spec("U-93", "the console")
@pytest.mark.parametrize(
    ("ago", "stops"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59), True),
        # It may have been used until a minute later: that much is not noted.
        (timedelta(hours=24, seconds=59), True),
        (timedelta(hours=24, minutes=1), False),
        (timedelta(days=9), False),
    ],
)
def test_it_stops_itself_where_it_was_used_in_the_last_24_hours(
    secret: ClientSecret, clock: time_machine.Traveller, ago: timedelta, *, stops: bool
) -> None:
    retire_on(secret)
    use(secret, DUE - ago)
    clock.move_to(DUE)
    assert housekeeping() == ({"stopped_retirements": 1} if stops else {"retired_secrets": 1})
    secret.refresh_from_db()
    assert secret.is_live is stops
    assert secret.retirement_stopped_at == (DUE if stops else None)


@pytest.mark.spec("U-93", "the console")
def test_a_caller_that_was_noted_stops_it_as_well(
    secret: ClientSecret, key: PublicKey, clock: time_machine.Traveller
) -> None:
    """Whatever notes the uses: they are written at different times."""
    for credential in (secret, key):
        retire_on(credential)
    seen = {"application": secret.application, "first_at": NOW, "last_at": DUE - MINUTE, "times": 3}
    CredentialCaller.objects.create(kind="secret", credential=secret.pk, address="192.0.2.7", **seen)
    CredentialCaller.objects.create(kind="key", credential=key.pk + 1, address="192.0.2.7", **seen)
    clock.move_to(DUE)
    assert housekeeping() == {"stopped_retirements": 1, "retired_keys": 1}


@pytest.mark.spec("U-94", "the console")
def test_owner_and_contacts_are_told_once_that_it_was_not_retired_and_who_uses_it(
    secret: ClientSecret, owner: User, clock: time_machine.Traveller
) -> None:
    retire_on(secret)
    use(secret, DUE - MINUTE)
    CredentialCaller.objects.create(
        application=secret.application,
        kind="secret",
        credential=secret.pk,
        address="192.0.2.7",
        user_agent="python-requests/2.32",
        last_at=DUE - MINUTE,
    )
    clock.move_to(DUE)
    for _ in range(3):
        housekeeping()
        clock.shift(timedelta(minutes=5))
    send_waiting(Work())
    assert sorted(message.to[0] for message in mail.outbox) == ["olga@example.org", "team@example.net"]
    to_owner, to_team = sorted(mail.outbox, key=lambda message: message.to)
    subject = "Client secret of Nightly export is still in use and was not retired"
    assert to_owner.subject == f"[Gatehouse] {subject}"
    assert to_owner.body.startswith("Hello Olga,")
    assert to_team.body.startswith("Hello,")
    for line in ("- Was to be retired: Jan 31, 2027 (UTC)", "- Used by: 192.0.2.7, python-requests/2.32"):
        assert line in to_owner.body.splitlines()
    assert f"/secrets/{secret.pk}/replacement/" in to_owner.body
    assert kinds().count(EventKind.SECRET_RETIREMENT_STOPPED) == 1


@pytest.mark.spec("U-94", "the console")
def test_nothing_waits_where_no_mail_server_is_set(
    secret: ClientSecret, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    retire_on(secret)
    use(secret, DUE)
    clock.move_to(DUE)
    assert housekeeping() == {"stopped_retirements": 1}
    assert not WaitingEmail.objects.exists()


@pytest.mark.spec("U-94", "the console")
def test_each_is_told_once_and_nobody_who_is_deactivated(machine: Application, owner: User) -> None:
    told = responsible_for(machine)
    assert (told.people, told.addresses) == ({owner.pk}, {"team@example.net"})
    member = UserFactory.create(email="team@example.net")
    assert responsible_for(machine).people == {owner.pk, member.pk}
    User.objects.update(is_active=False)
    machine.refresh_from_db()
    told = responsible_for(machine)
    assert (told.people, told.addresses) == (set(), set())


@pytest.mark.spec("U-95", "the console")
def test_another_day_tries_again_and_cancelling_leaves_it(
    secret: ClientSecret, clock: time_machine.Traveller
) -> None:
    retire_on(secret)
    use(secret, DUE)
    clock.move_to(DUE)
    housekeeping()
    assert retire_on(secret, date(2027, 2, 9))
    assert not retire_on(secret, date(2027, 2, 9))
    secret.refresh_from_db()
    assert (secret.is_retiring, secret.retirement_stopped_at) == (True, None)
    assert retire_on(secret, None)
    clock.move_to(DUE + timedelta(days=30))
    assert housekeeping() == {}
    assert secret.application.secrets.live().exists()
    changes = Event.objects.filter(kind=EventKind.SECRET_RETIREMENT_CHANGED).order_by("pk")
    assert [(event.before["Retires"], event.after["Retires"]) for event in changes] == [
        ("Never", "2027-01-31"),
        ("2027-01-31", "2027-02-09"),
        ("2027-02-09", "Never"),
    ]


@pytest.mark.spec("U-95", "the console")
@pytest.mark.parametrize("day", [date(2027, 1, 19), date(2028, 1, 22), date.max])
def test_a_day_that_is_over_or_too_far_ahead_is_refused(secret: ClientSecret, day: date) -> None:
    with pytest.raises(InvalidExpiryError, match="Choose"):
        retire_on(secret, day)
    assert EventKind.SECRET_RETIREMENT_CHANGED not in kinds()


@pytest.mark.spec("U-92", "the console")
def test_what_was_deleted_before_is_left_alone(secret: ClientSecret, clock: time_machine.Traveller) -> None:
    retire_on(secret)
    delete_secret(secret, actor=ADMINISTRATOR)
    with pytest.raises(ClientSecret.DoesNotExist):
        retire_on(secret)
    clock.move_to(DUE)
    assert housekeeping() == {}
    assert kinds().count(EventKind.SECRET_DELETED) == 1


@pytest.mark.spec("U-92", "the console")
def test_nothing_of_a_deleted_application_is_retired(
    secret: ClientSecret, clock: time_machine.Traveller
) -> None:
    retire_on(secret)
    delete_application(secret.application, actor=ADMINISTRATOR)
    clock.move_to(DUE)
    assert housekeeping() == {}


@pytest.mark.spec("U-96", "operation")
def test_what_is_killed_in_between_leaves_nothing_half_done(
    secret: ClientSecret, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    retire_on(secret)
    use(secret, DUE)
    clock.move_to(DUE)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retirements, "tell_of_stopped_retirement", die)
        with pytest.raises(KeyboardInterrupt):
            housekeeping()
    secret.refresh_from_db()
    assert secret.retirement_stopped_at is None
    assert EventKind.SECRET_RETIREMENT_STOPPED not in kinds()
    assert housekeeping() == {"stopped_retirements": 1}
    assert WaitingEmail.objects.count() == 2


@pytest.mark.spec("U-92", "operation")
def test_many_are_retired_in_several_transactions(
    machine: Application, clock: time_machine.Traveller
) -> None:
    ClientSecret.objects.bulk_create(
        ClientSecret(application=machine, digest=f"{number:064}", hint="x", retires_at=DUE)
        for number in range(70)
    )
    clock.move_to(DUE)
    assert housekeeping() == {"retired_secrets": 70}


@pytest.mark.spec("U-92", "operation")
def test_the_servers_do_it_by_themselves(secret: ClientSecret, clock: time_machine.Traveller) -> None:
    retire_on(secret)
    run_due("here")
    assert secret.application.secrets.live().exists()
    clock.move_to(DUE)
    works = run_due("here") or []
    assert {work.run.job: dict(work.counts) for work in works}["credentials"] == {"retired_secrets": 1}


@pytest.mark.spec("U-97", "RFC 7662 §2.1")
def test_a_secret_that_only_looks_into_tokens_is_in_use(
    machine: Application, clock: time_machine.Traveller
) -> None:
    created = make_application(AppType.MACHINE_TO_MACHINE, name="Guard")
    client = OAuthClient(created.application.client_id, created.client_secret)
    secret = created.application.secrets.get()
    form = {"client_id": client.client_id, "client_secret": client.client_secret, "token": "gtacc_x"}
    retire_on(secret)
    clock.move_to(LAST_MOMENT)
    for path in ("introspect", "revoke"):
        ClientSecret.objects.update(last_used_at=None)
        assert client.post(TOKEN.replace("token", path), form).status_code == 200
        secret.refresh_from_db()
        assert secret.last_used_at == LAST_MOMENT
    clock.move_to(DUE)
    assert housekeeping() == {"stopped_retirements": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("U-93", "operation")
def test_a_use_at_the_same_moment_is_noted_before_or_meets_a_deleted_secret(
    secret: ClientSecret, clock: time_machine.Traveller
) -> None:
    def noted() -> dict[str, int]:
        record_use(ClientSecret, secret.pk, None)
        return {}

    retire_on(secret)
    clock.move_to(DUE)
    done, _ = all_at_once([housekeeping, noted])
    secret.refresh_from_db()
    assert done in ({"retired_secrets": 1}, {"stopped_retirements": 1})
    assert secret.is_live is ("stopped_retirements" in done)
