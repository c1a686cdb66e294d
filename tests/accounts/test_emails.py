"""One mailbox is one person, whatever capitals its address was written with."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from accounts.models import Role, User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.services.people import create_person
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory, UserFactory

RESET = "/accounts/password/reset/"
MIXED = "Ada.Lovelace@Example.ORG"
LOWER = "ada.lovelace@example.org"


@pytest.fixture
def console(db: None) -> Browser:
    return browser_of(AdministratorFactory.create())


def made(email: str = MIXED) -> User:
    return create_person(
        username="ada", email=email, role=Role.MEMBER, password=PASSWORD, actor=Actor.command("tests")
    )


@pytest.mark.django_db
@pytest.mark.spec("W-79", "RFC 5321 §2.4")
@pytest.mark.parametrize("typed", [MIXED, LOWER, LOWER.upper()])
def test_the_reset_mail_arrives_whatever_the_case_of_stored_and_typed_email(typed: str) -> None:
    person = made()
    Client().post(RESET, {"email": typed})
    (message,) = mail.outbox
    assert message.to == [person.email] == [LOWER]
    assert re.search(r"/accounts/password/link/\?key=", str(message.body))


@pytest.mark.django_db
@pytest.mark.spec("W-79", "RFC 5321 §2.4")
def test_emails_are_stored_in_lower_case_however_they_come() -> None:
    assert made().email == LOWER
    saved = UserFactory.create(email="Bob@Example.ORG")
    assert saved.email == "bob@example.org"
    User.objects.filter(pk=saved.pk).update(email="Eve@Example.ORG")
    assert User.objects.get(email="EVE@example.org").email == "eve@example.org"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=saved.pk).update(email=Value("Eve@Example.ORG"))


def test_another_case_of_an_email_is_no_change_and_no_other_person(console: Browser) -> None:
    person = made()
    address = f"/people/{person.user_id}/edit/"
    assert console.send(console.get(address), email=LOWER.upper()).status == 302
    assert not Event.objects.filter(kind=EventKind.PERSON_CHANGED).exists()
    page = console.send(console.get("/people/new"), username="other", email=MIXED, role="member")
    assert "Another person has this email address." in page.alerts()
    assert not User.objects.filter(username="other").exists()


def test_an_invitation_records_and_mails_the_email_as_it_is_stored(console: Browser) -> None:
    console.send(console.get("/people/new"), username="zora", email="Zora@Example.ORG", role="member")
    (message,) = mail.outbox
    assert message.to == ["zora@example.org"]
    event = Event.objects.get(kind=EventKind.PERSON_INVITED)
    assert event.after["Email address"] == "zora@example.org"


@pytest.fixture
def before_the_migration(transactional_db: None) -> Iterator[MigrationExecutor]:
    """The tables as they were before emails had one form."""
    MigrationExecutor(connection).migrate([("accounts", "0002_organization")])
    yield MigrationExecutor(connection)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_the_migration_lowers_what_was_stored(before_the_migration: MigrationExecutor) -> None:
    executor = before_the_migration
    user = executor.loader.project_state([("accounts", "0002_organization")]).apps.get_model(
        "accounts", "User"
    )
    user.objects.create(username="ada", email=MIXED, password="!")
    user.objects.create(username="oerjan", email="Ørjan.Å@Example.ORG", password="!")
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert User.objects.get(username="ada").email == LOWER
    stored = User.objects.annotate(stored=Concat("email", Value(""))).values_list("stored", flat=True)
    assert stored.get(username="oerjan") == "ørjan.å@example.org"
