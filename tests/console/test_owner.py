"""Owner and contacts on an application's page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from tests.console.conftest import browser_of, save
from tests.console.pages import Browser, fields_of, text_of
from tests.factories import AdministratorFactory, UserFactory, make_application

pytestmark = pytest.mark.django_db


@pytest.fixture(params=AppType)
def application(request: pytest.FixtureRequest, administrator: User) -> Application:
    return make_application(request.param, name="ClientApp", owner=administrator).application


def owner_of(application: Application) -> User | None:
    application.refresh_from_db()
    return application.user


@pytest.mark.spec("Y-85", "the console")
@pytest.mark.parametrize("login", ["bob", "BOB", "Bob@Example.org"])
def test_the_owner_is_shown_and_changed_by_username_or_email(
    console: Browser, application: Application, member: User, login: str
) -> None:
    User.objects.filter(pk=member.pk).update(email="bob@example.org")
    page = console.get(application.get_absolute_url())
    assert fields_of(page.form())["owner"] == "ada"
    assert page.links()["Ada Lovelace"].startswith("/people/")
    page = console.follow(console.send(page, owner=login))
    assert "Saved: Owner" in page.messages
    assert page.links()["Bob Builder"] == f"/people/{member.user_id}/"
    assert fields_of(page.form())["owner"] == "bob"
    assert owner_of(application) == member
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).get()
    assert event.before == {"Owner": "Ada Lovelace (ada)"}
    assert event.after == {"Owner": "Bob Builder (bob)"}


@pytest.mark.spec("Y-85", "the console")
def test_there_may_be_none(console: Browser, application: Application) -> None:
    assert "Saved: Owner" in console.follow(save(console, application, owner="")).messages
    assert owner_of(application) is None


@pytest.mark.spec("Y-85", "the console")
@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("nobody", "Nobody has this username or email address."),
        ("nobody@example.org", "Nobody has this username or email address."),
        ("gone", "This person isn't active."),
        ("x" * 255, "at most 254 characters"),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_nobody_else_becomes_one(
    console: Browser, application: Application, administrator: User, login: str, reason: str
) -> None:
    UserFactory.create(username="gone", is_active=False)
    page = save(console, application, owner=login)
    assert page.status == 422
    assert reason in page.alerts()
    assert owner_of(application) == administrator


@pytest.mark.spec("Y-85", "the console")
def test_one_who_was_deactivated_stays_until_somebody_else_is_named(
    console: Browser, application: Application, member: User
) -> None:
    Application.objects.filter(pk=application.pk).update(user=member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    page = console.follow(save(console, application, description="Still saved"))
    assert "Saved: Description" in page.messages
    assert text_of(page.one("aside")).count("not active") == 1


@pytest.mark.spec("Y-85", "the console")
def test_the_page_and_its_save_take_as_many_statements_however_many_people_there_are(
    console: Browser, application: Application, member: User
) -> None:
    def statements() -> tuple[int, int]:
        Application.objects.filter(pk=application.pk).update(user=None)
        with CaptureQueriesContext(connection) as shown:
            page = console.get(application.get_absolute_url())
        with CaptureQueriesContext(connection) as saved:
            console.send(page, owner=member.username)
        assert page.content.count(member.username) == 0
        return len(shown.captured_queries), len(saved.captured_queries)

    before = statements()
    UserFactory.create_batch(20)
    assert statements() == before


@pytest.mark.spec("Y-85", "RFC 9110 §13.1.1")
def test_where_two_administrators_name_one_the_second_is_asked(
    console: Browser, application: Application, member: User
) -> None:
    mine = console.get(application.get_absolute_url())
    grace = AdministratorFactory.create(name="Grace Hopper", username="grace")
    save(browser_of(grace), application, owner="grace")
    page = console.send(mine, owner="bob")
    assert page.status == 409
    assert "Your value Bob Builder (bob)" in page.alerts()
    assert "Grace Hopper (grace)" in page.alerts()
    assert owner_of(application) == grace


@pytest.mark.spec("Y-86", "the console")
def test_two_email_addresses_are_whom_to_write_to(console: Browser, application: Application) -> None:
    contacts = {"first_contact": "ops@example.com", "second_contact": "second@example.com"}
    page = console.follow(save(console, application, **contacts))
    assert "Saved: First contact, Second contact" in page.messages
    assert fields_of(page.form()).items() >= contacts.items()
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).get()
    assert event.after == {"First contact": "ops@example.com", "Second contact": "second@example.com"}
    refused = save(console, application, second_contact="nobody")
    assert refused.status == 422
    assert "Second contact: Enter a valid email address." in refused.alerts()
