"""Activity shows what changed, before and after, and Revert puts it back the way of every save."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.services.changes import change_application
from tests.console.conftest import browser_of, save
from tests.console.pages import Browser, Page
from tests.factories import REDIRECT_URL, AdministratorFactory, allow_scopes

pytestmark = pytest.mark.spec("U-126", "the console")
OTHER = "https://client.example/other"


def latest(application: Application) -> Event:
    event: Event = application.events.filter(kind=EventKind.APPLICATION_CHANGED).latest("pk")
    return event


def revert(browser: Browser, event: Event) -> Page:
    """Open Revert from the page that lists the event."""
    assert event.application is not None
    address = reverse("console:revert-change", args=[event.application.client_id, event.pk])
    activity = browser.get(reverse("console:application-activity", args=[event.application.client_id]))
    assert f'href="{address}"' in activity.content
    return browser.get(address)


def send(browser: Browser, page: Page) -> Page:
    """Save the settings that Revert has filled in."""
    return browser.send(page, page.by_id("settings").get("action", ""))


def test_activity_shows_each_field_before_and_after(console: Browser, web: Application) -> None:
    save(console, web, description="First", rotate_refresh_tokens=None, redirect_url=[REDIRECT_URL, OTHER])
    save(console, web, description="Second")
    page = console.get(reverse("console:activity"))
    assert "Before and after" in page.text
    assert "Before: First After: Second" in " ".join(page.text.split())
    assert OTHER in page.text


def test_every_kind_of_field_comes_back(console: Browser, web: Application, administrator: User) -> None:
    def state() -> dict[str, object]:
        row = Application.objects.filter(pk=web.pk).values().get()
        return {name: value for name, value in row.items() if name != "updated"} | {
            "urls": [each.url for each in web.redirect_urls.all()]
        }

    before = state()
    changes = {
        "name": "Renamed",
        "description": "Lines\nof text",
        "rotate_refresh_tokens": None,
        "absolute_expiration": "none",
        "access_token_seconds": "300",
        "owner": administrator.username,
        "requires_pkce": "on",
        "redirect_url": [OTHER],
        "allowed_scope": ["read"],
        "without_scopes": "write offline_access",
    }
    saved = save(console, web, **changes)
    assert saved.status == 302, saved.alerts()
    web.refresh_from_db()
    page = revert(console, latest(web))
    assert "values from before that change" in page.messages
    assert state() != before
    assert send(console, page).status == 302
    assert state() == before
    event = latest(web)
    assert event.detail.startswith("Reverts the change of ")
    assert event.detail.endswith(" by Ada Lovelace")
    asked = send(console, revert(console, event))  # which takes scopes away again
    assert asked.status == 409
    assert "would remove scopes" in asked.alerts()
    assert "offline_access" in asked.alerts()
    assert state() == before
    assert console.send(asked, without_scopes="write offline_access").status == 302
    web.refresh_from_db()
    assert (web.name, web.allowed_scope) == ("Renamed", "read")
    assert latest(web).detail.startswith("Reverts the change of ")


def test_what_somebody_changed_since_is_asked_about(console: Browser, web: Application) -> None:
    save(console, web, description="First", developer_name="Somebody")
    first = latest(web)
    other: User = AdministratorFactory.create(name="Grace Hopper")
    save(browser_of(other), web, description="Second")
    asked = send(console, revert(console, first))
    assert asked.status == 409
    assert "Second" in asked.alerts()
    assert "Grace Hopper" in asked.alerts()
    done = console.send(asked, **{"choice-description": "theirs"})
    assert done.status == 302
    web.refresh_from_db()
    assert (web.description, web.developer_name) == ("Second", "")
    assert latest(web).detail.startswith("Reverts the change of ")


def test_what_is_no_longer_valid_is_refused_and_nothing_is_lost(
    console: Browser, web: Application, member: User
) -> None:
    save(console, web, owner=member.username, description="Theirs")
    save(console, web, owner="", description="")
    User.objects.filter(pk=member.pk).update(is_active=False)
    refused = send(console, revert(console, latest(web)))
    assert refused.status == 422
    assert "This person isn't active." in refused.alerts()
    assert refused.field("description").text == "Theirs"
    again = console.send(refused, owner="")
    assert again.status == 302
    web.refresh_from_db()
    assert web.description == "Theirs"
    assert latest(web).detail.startswith("Reverts")


def test_only_changes_of_the_application_can_be_reverted(
    console: Browser, web: Application, machine: Application
) -> None:
    save(console, web, description="First")
    event = latest(web)
    for application, pk in ((machine, event.pk), (web, event.pk + 1000), (web, web.events.earliest("pk").pk)):
        address = reverse("console:revert-change", args=[application.client_id, pk])
        assert console.get(address).status == 404
    save(console, machine, description="Typed", reverts=str(event.pk))
    save(console, web, description="Forged", reverts="9" * 30)
    assert {latest(machine).detail, latest(web).detail} == {""}
    save(console, web, developer_name="Somebody", reverts=str(event.pk))
    assert latest(web).detail == ""  # which puts nothing of that change back


def test_a_scope_that_is_gone_is_left_out_and_said(console: Browser, web: Application) -> None:
    allow_scopes(web, ["read"])
    event = latest(web)
    before, after = event.values["allowed_scope"]
    Event.objects.filter(pk=event.pk).update(values={"allowed_scope": [f"{before} gone:scope", after]})
    page = revert(console, event)
    assert "No longer available, and left out: gone:scope" in page.messages
    assert send(console, page).status == 302
    web.refresh_from_db()
    assert web.allowed_scope == before


@pytest.mark.parametrize("name", ["access_token_seconds", "owner"])
def test_a_choice_that_is_gone_stays_as_it_is_now_and_is_said(
    console: Browser, web: Application, administrator: User, name: str
) -> None:
    """A list that is filled in with what it doesn't offer would show its first choice, and save that."""
    save(console, web, access_token_seconds="300", owner=administrator.username, description="First")
    event = latest(web)
    gone = event.values | {name: [987654321, event.values[name][1]]}
    Event.objects.filter(pk=event.pk).update(values=gone)
    page = revert(console, event)
    labels = {"access_token_seconds": "Access token lifetime", "owner": "Owner"}
    assert f"No longer available, and left out: {labels[name]}" in page.messages
    assert send(console, page).status == 302
    web.refresh_from_db()
    found = (web.description, web.access_token_seconds, web.user)
    assert found == (
        "",
        300 if name == "access_token_seconds" else None,
        administrator if name == "owner" else None,
    )


def test_what_was_saved_in_another_form_than_asked_for_is_no_conflict(
    console: Browser, web: Application, administrator: User
) -> None:
    change_application(
        web,
        values={"allowed_scope": "write read", "access_token_seconds": 300},
        labels={"allowed_scope": "API access", "access_token_seconds": "Access token lifetime"},
        actor=Actor(user=administrator),
    )
    assert send(console, revert(console, latest(web))).status == 302
    web.refresh_from_db()
    assert web.access_token_seconds is None
    assert "offline_access" in web.allowed_scope


def test_another_page_in_between_forgets_neither_the_values_nor_what_they_revert(
    console: Browser, web: Application
) -> None:
    save(console, web, description="First")
    page = revert(console, latest(web))
    secret = web.secrets.get()
    asked = console.send(page, reverse("console:secret-notes", args=[web.client_id, secret.pk]))
    back = console.send(asked, f"{reverse('console:unsaved-settings', args=[web.client_id])}#client-secret")
    assert send(console, back).status == 302
    web.refresh_from_db()
    assert web.description == ""
    assert latest(web).detail.startswith("Reverts the change of ")


def test_the_pages_take_as_many_statements_however_much_was_changed(
    console: Browser, web: Application
) -> None:
    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            console.get(address)
        return len(asked.captured_queries)

    save(console, web, description="First")
    activity = reverse("console:application-activity", args=[web.client_id])
    change = reverse("console:revert-change", args=[web.client_id, latest(web).pk])
    few = [statements(activity), statements(reverse("console:activity")), statements(change)]
    for number in range(15):
        save(
            console,
            web,
            description=str(number),
            developer_name=str(number),
            owner="ada" if number % 2 else "",
        )
    change = reverse("console:revert-change", args=[web.client_id, latest(web).pk])
    many = [statements(activity), statements(reverse("console:activity")), statements(change)]
    # Of the last one the owner is looked for: who that was, by which username, and whose present name it is.
    assert [count - most for count, most in zip(many, few, strict=True)] <= [0, 0, 3]
