"""Activity: what happened, who did it, when, and from where."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from oauthapps.services.changes import change_application
from tests.console.pages import Browser, Page, text_of
from tests.factories import PASSWORD, make_application

ACTIVITY = "/console/activity/"
MOST_STATEMENTS = 6


def listed(page: Page) -> list[str]:
    """The first cell of each row: what happened, and to what."""
    return [text_of(row[0]) for row in page.one("tbody")] if page.all("tbody") else []


def record(kind: EventKind = EventKind.SIGNED_IN, **changes: Any) -> Event:
    actor = changes.pop("actor", Actor.command("tests"))
    at = changes.pop("at", None)
    event = Event.objects.record(kind, actor=actor, **changes)
    if at:
        Event.objects.filter(pk=event.pk).update(at=at)
    return event


@pytest.mark.spec("C-14", "ASVS 16.2.1")
def test_each_event_says_what_who_when_and_from_where(
    console: Browser, web: Application, administrator: User
) -> None:
    headers = {"User-Agent": "Terminal 7"}
    console.client.post(f"{web.get_absolute_url()}disable/", headers=headers, REMOTE_ADDR="192.0.2.7")
    row = console.get(ACTIVITY).one("tbody")[0]
    what, who, when, where = (text_of(cell) for cell in row)
    assert what == "Application disabled Field app"
    assert who == "Ada Lovelace"
    assert re.match(r"\w+ \d+, \d{4}, \d\d:\d\d UTC (?:just now|.* ago)", when)
    assert "192.0.2.7" in where
    assert "Terminal 7" in where
    assert Event.objects.latest("pk").request_id in where


def test_the_latest_stands_first_and_a_change_names_its_fields(
    console: Browser, web: Application, administrator: User
) -> None:
    change_application(
        web,
        values={"name": "Other", "description": "x"},
        labels={"name": "Name", "description": "Description"},
        actor=Actor(user=administrator),
    )
    first = listed(console.get(ACTIVITY))[0]
    assert first.startswith("Application changed: Description, Name Other Before and after")


def test_a_deleted_application_is_named_and_no_longer_linked(
    console: Browser, web: Application, administrator: User
) -> None:
    assert "Field app" in console.get(ACTIVITY).links()
    delete_application(web, actor=Actor(user=administrator))
    page = console.get(ACTIVITY)
    assert "Application deleted Field app" in listed(page)[0]
    assert "Field app" not in page.links()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Signed out", "Sign-in failed", "Client secret added"]),
        ({"what": "sign_in:"}, ["Signed out", "Sign-in failed"]),
        ({"what": "sign_in:failure"}, ["Sign-in failed"]),
        ({"who": "ADA"}, ["Sign-in failed", "Client secret added"]),
        ({"who": "nobody"}, []),
        ({"address": "192.0.2.1"}, ["Client secret added"]),
        ({"address": "2001:db8::1"}, ["Signed out", "Sign-in failed"]),
        ({"first": "2026-03-02"}, ["Signed out", "Sign-in failed"]),
        ({"first": "2026-03-02", "last": "2026-03-02"}, ["Sign-in failed"]),
        ({"last": "2026-03-01"}, ["Client secret added"]),
        ({"what": "sign_in:", "address": "192.0.2.1"}, []),
    ],
)
def test_filters_narrow_the_list_together(
    console: Browser, administrator: User, query: dict[str, str], expected: list[str]
) -> None:
    Event.objects.all().delete()
    by_her = Actor(user=administrator, ip_address="192.0.2.1")
    record(EventKind.SECRET_ADDED, actor=by_her, at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    stranger = Actor(ip_address="2001:db8::1")
    record(
        EventKind.SIGN_IN_FAILED,
        actor=stranger,
        person=administrator,
        at=datetime(2026, 3, 2, 0, 0, 0, tzinfo=UTC),
    )
    record(EventKind.SIGNED_OUT, actor=stranger, at=datetime(2026, 3, 3, 0, 0, 0, tzinfo=UTC))
    found = [text.split(" User:")[0] for text in listed(console.get(ACTIVITY, **query))]
    assert found == expected


def test_what_is_shown_stays_in_the_form_and_can_be_dropped(console: Browser, web: Application) -> None:
    page = console.get(ACTIVITY, who="nobody <b>", what="secret:")
    assert page.field("who").get("value") == "nobody <b>"
    assert "No matching events" in page.text
    assert page.links()["Clear filters"] == ACTIVITY


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ({"first": "yesterday"}, "From"),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "To"),
        ({"address": "192.0.2.999"}, "IP address"),
        ({"what": "application:explode"}, "Event"),
        ({"application": "x"}, "Application"),
        ({"who": "a\0b"}, "Who"),
    ],
)
def test_what_cannot_be_looked_for_is_explained_at_its_field(
    console: Browser, web: Application, query: dict[str, str], label: str
) -> None:
    page = console.get(ACTIVITY, **query)
    assert page.status == 422
    assert label in page.alerts()
    assert page.title.startswith("Error:")
    assert listed(page) == []


def test_the_last_day_of_all_can_be_asked_for(console: Browser) -> None:
    page = console.get(ACTIVITY, first="0001-01-01", last="9999-12-31")
    assert page.status == 200
    assert listed(page)


def test_older_events_are_a_page_away_and_filters_stay(console: Browser) -> None:
    Event.objects.all().delete()
    for number in range(120):
        record(EventKind.SIGNED_IN, actor=Actor(label=f"person {number}"))
        record(EventKind.SIGNED_OUT)
    seen: list[str] = []
    page = console.get(ACTIVITY, what="sign_in:success")
    while True:
        seen += [text_of(row[1]) for row in page.one("tbody")]
        older = page.links().get("Older events")
        if older is None:
            break
        page = console.get(f"{ACTIVITY}{older}")
    assert seen == [f"person {number}" for number in reversed(range(120))]
    assert page.links()["Latest events"] == "?what=sign_in%3Asuccess"


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "\u0661"])
def test_a_page_that_cannot_be_is_the_latest(console: Browser, web: Application, before: str) -> None:
    assert listed(console.get(ACTIVITY, before=before))


def test_a_full_page_takes_no_more_statements_than_an_empty_one(
    console: Browser, administrator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        made = make_application(AppType.WEB, name=f"Application {number}").application
        delete_application(made, actor=Actor(user=administrator))
    with django_assert_max_num_queries(MOST_STATEMENTS):
        assert len(listed(console.get(ACTIVITY))) == 50


@pytest.mark.spec("S-33", "ASVS 14.2.7")
def test_it_says_how_long_events_are_kept(console: Browser, settings: Settings) -> None:
    settings.EVENT_DAYS = 90
    assert "Events are kept for 90 days." in console.get(ACTIVITY).text


@pytest.mark.spec("W-51", "ASVS 16.3.1")
def test_what_strangers_do_is_shown_with_its_number(console: Browser, settings: Settings) -> None:
    settings.STRANGERS_AN_HOUR = 1
    Event.objects.all().delete()
    form = {"login": "nobody", "password": "wrong"}
    with time_machine.travel(timezone.now(), tick=False):
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"):
            Client(REMOTE_ADDR=address).post("/accounts/login/", form)
    others, first = console.get(ACTIVITY).one("tbody")
    assert "3 attempts" in text_of(others[0])
    assert "Several IP addresses" in text_of(others[3])
    assert "2 attempts" in text_of(first[0])
    assert "192.0.2.1" in text_of(first[3])


def test_members_do_not_see_it(visitor: Browser) -> None:
    assert visitor.get(ACTIVITY).status == 403


@pytest.mark.spec("C-14", "ASVS 16.3")
def test_signing_in_well_and_badly_is_on_record(client: Client, administrator: User) -> None:
    form = {"login": "ada", "password": "wrong"}
    client.post("/accounts/login/", form, REMOTE_ADDR="192.0.2.9")
    client.post("/accounts/login/", form | {"password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    kinds = list(Event.objects.filter(address="192.0.2.9").order_by("pk").values_list("kind", flat=True))
    assert kinds == [EventKind.SIGN_IN_FAILED, EventKind.SIGNED_IN]


@pytest.mark.spec("C-14", "ASVS 16.4.1")
@pytest.mark.parametrize(
    "forged", ["x\nApplication deleted", "\x1b[31mred", "<script>1</script>", "a\u202eb"]
)
def test_nothing_that_was_sent_can_pass_for_an_event(
    console: Browser, web: Application, administrator: User, forged: str
) -> None:
    Event.objects.all().delete()
    actor = Actor(user=administrator, user_agent=forged, label=forged)
    record(EventKind.SIGNED_IN, actor=actor, application=web, detail=forged)
    page = console.get(ACTIVITY)
    assert len(listed(page)) == 1
    assert "<script>1" not in page.content
    isolated = [element.text for element in page.all("bdi")]
    assert isolated.count(forged) == 2  # the detail and the program, each kept apart from what stands around


def test_an_event_of_a_kind_that_is_no_longer_known_is_shown_as_it_is(console: Browser) -> None:
    Event.objects.create(kind="rocket:launch", actor_name="x", at=timezone.now() - timedelta(days=400))
    assert "rocket:launch" in " ".join(listed(console.get(ACTIVITY)))
