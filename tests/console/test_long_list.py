"""OAuth2 Applications where there are more than ten: search, filters, order, pages, and the limit."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application, disable_application
from tests.console.pages import Browser, Page, text_of
from tests.console.test_list import LIST, MOST_STATEMENTS, rows
from tests.factories import make_application

ACTIVITY = "/console/activity/"
NEW = "/console/applications/new"
SPEC = pytest.mark.spec("C-34", "the console")


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.APPLICATION_LIMIT = 1000


@pytest.fixture
def twelve(db: None) -> list[Application]:
    """Four of each type, by their names, each created a day after the one before."""
    made = []
    for number in range(12):
        app_type = list(AppType)[number % 3]
        application = make_application(app_type, name=f"App {number:02}").application
        Application.objects.filter(pk=application.pk).update(
            created=timezone.now() - timedelta(days=100 - number), developer_name=f"Team {number % 2}"
        )
        made.append(application)
    return made


def names(page: Page) -> list[str]:
    return list(rows(page))


def headings(page: Page) -> dict[str, tuple[str | None, str]]:
    """The columns that sort the list: in which direction it is sorted by each, and where each leads."""
    cells = [cell for cell in page.one("thead")[0] if len(cell) and cell[0].tag == "a"]
    return {text_of(cell): (cell.get("aria-sort"), cell[0].get("href", "")) for cell in cells}


def has_search(page: Page) -> bool:
    return any(form.get("role") == "search" for form in page.all("form"))


@SPEC
def test_up_to_ten_the_list_has_no_search_and_ignores_what_is_asked(
    console: Browser, twelve: list[Application], administrator: User
) -> None:
    assert has_search(console.get(LIST))
    for application in twelve[10:]:
        delete_application(application, actor=Actor(user=administrator))
    page = console.get(LIST, q="nothing", sort="-name", page="2")
    assert not has_search(page)
    assert headings(page) == {}
    assert names(page) == [f"App {number:02}" for number in range(10)]


@SPEC
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"q": "APP 0"}, range(10)),
        ({"q": "team 1"}, range(1, 12, 2)),
        ({"type": "web"}, range(2, 12, 3)),
        ({"q": "app 1", "type": "web"}, [11]),
        ({"status": "disabled"}, [0, 1]),
        ({"status": "incomplete"}, [3, 5, 6, 9]),
        ({"status": "enabled"}, [2, 4, 7, 8, 10, 11]),
        ({"status": "incomplete", "type": "web"}, [5]),
        ({"type": "x", "status": "x", "q": "\0", "sort": "x", "page": "x"}, range(12)),
    ],
)
def test_filters_narrow_the_list_together(
    console: Browser,
    twelve: list[Application],
    administrator: User,
    query: dict[str, str],
    numbers: list[int],
) -> None:
    for application in twelve[:2]:
        disable_application(application, actor=Actor(user=administrator))
    twelve[5].redirect_urls.all().delete()
    assert names(console.get(LIST, **query)) == [f"App {number:02}" for number in numbers]


@SPEC
def test_a_client_id_leads_to_its_application(console: Browser, twelve: list[Application]) -> None:
    page = console.get(LIST, q=twelve[7].client_id.upper())
    assert names(page) == ["App 07"]
    assert "1 application found" in page.text
    assert page.field("q").get("value") == twelve[7].client_id.upper()
    assert "No matching applications" in console.get(LIST, q=twelve[7].client_id[:20]).text


@SPEC
def test_where_nothing_is_found_the_filters_can_be_cleared(
    console: Browser, twelve: list[Application]
) -> None:
    page = console.get(LIST, q="<b>nothing")
    assert "No matching applications" in page.text
    assert page.links()["Clear filters"] == LIST
    assert "Clear filters" not in console.get(LIST, sort="-name").links()


@SPEC
def test_headings_sort_the_list_and_say_how(console: Browser, twelve: list[Application]) -> None:
    moment = timezone.now()
    for days, number in enumerate((4, 2, 11)):
        twelve[number].redirect_urls.update(last_used_at=moment - timedelta(days=days))
    page = console.get(LIST)
    assert headings(page) == {
        "Name": ("ascending", "?sort=-name"),
        "Created": (None, "?sort=-created"),
        "Last used": (None, "?sort=-last_used"),
    }
    down = console.get(f"{LIST}{headings(page)['Name'][1]}")
    assert names(down) == sorted(names(page), reverse=True)
    assert headings(down)["Name"] == ("descending", "?sort=name")
    latest = console.get(f"{LIST}{headings(page)['Created'][1]}&type=web")
    assert names(latest) == ["App 11", "App 08", "App 05", "App 02"]
    assert headings(latest)["Created"] == ("descending", "?type=web&sort=created")
    assert headings(latest)["Name"] == (None, "?type=web&sort=name")
    assert names(console.get(LIST, sort="-last_used"))[:3] == ["App 04", "App 02", "App 11"]
    assert names(console.get(LIST, sort="last_used"))[-3:] == ["App 11", "App 02", "App 04"]


@SPEC
def test_a_search_keeps_the_order_and_pages_keep_both(console: Browser) -> None:
    for number in range(60):
        make_application(AppType.SINGLE_PAGE, name=f"App {number:02}")
    first = console.get(LIST, sort="-name", q="app")
    assert names(first) == [f"App {number:02}" for number in range(59, 9, -1)]
    assert first.field("sort").get("value") == "-name"
    assert "Page 1 of 2" in first.text
    second = console.get(f"{LIST}{first.links()['Next page']}")
    assert names(second) == [f"App {number:02}" for number in range(9, -1, -1)]
    assert second.links()["Previous page"] == "?q=app&sort=-name&page=1"


@SPEC
def test_a_long_list_takes_no_more_statements_than_a_short_one(
    console: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(70):
        make_application(list(AppType)[number % 3], name=f"App {number:02}")
    for query in ({}, {"q": "app", "status": "enabled", "type": "web", "sort": "last_used"}, {"page": "2"}):
        with django_assert_max_num_queries(MOST_STATEMENTS):
            console.get(LIST, **query)


@pytest.mark.spec("C-08", "the product's limit")
def test_words_follow_the_limit(console: Browser, twelve: list[Application], settings: Settings) -> None:
    assert "12 of 1000 applications" in console.get(LIST).text
    settings.APPLICATION_LIMIT = 12
    page = console.get(NEW)
    assert page.heading == "You've reached the limit of 12"
    assert "up to a total of 12 OAuth2 applications at one time" in page.text
    assert "Delete one that you no longer use" in page.text
    assert "frees one of your 12 slots" in console.get(page.links()["Delete App 00"]).text


@pytest.mark.spec("C-08", "the product's limit")
def test_a_limit_below_what_there_is_breaks_nothing_and_says_what_to_do(
    console: Browser, twelve: list[Application], settings: Settings
) -> None:
    settings.APPLICATION_LIMIT = 10
    page = console.get(LIST)
    assert "12 of 10 applications" in page.text
    assert "Over the limit: delete 3 to create a new one." in page.text
    assert not page.all("dialog")
    explained = console.get(page.links()["Create app integration"])
    assert explained.heading == "You're over the limit of 10"
    assert "There are 12. Delete 3 that you no longer use" in explained.text
    deletion = console.get(page.links()["Delete App 00"])
    assert "doesn't make room for a new one yet" in deletion.text
    assert console.get(page.links()["App 11"]).status == 200
    settings.APPLICATION_LIMIT = 1
    assert "12 of 1 application" in console.get(LIST).text


@pytest.mark.spec("C-08", "the product's limit")
def test_the_limit_page_lists_the_least_recently_used_and_leads_to_the_others(
    console: Browser, settings: Settings
) -> None:
    for number in range(60):
        make_application(AppType.SINGLE_PAGE, name=f"App {number:02}")
    Application.objects.get(name="App 00").redirect_urls.update(last_used_at=timezone.now())
    settings.APPLICATION_LIMIT = 60
    page = console.get(NEW)
    assert names(page) == [f"App {number:02}" for number in range(1, 51)]
    more = page.links()["All 60 applications, least recently used first"]
    assert names(console.get(more)) == names(page)


@pytest.mark.spec("C-14", "ASVS 16.2.1")
def test_where_applications_are_many_their_events_are_searched_for(console: Browser) -> None:
    for number in range(50):
        make_application(AppType.SINGLE_PAGE, name=f"App {number:02}")
    assert console.get(ACTIVITY).field("application").tag == "select"
    last = make_application(AppType.SINGLE_PAGE, name="Field app").application
    page = console.get(ACTIVITY)
    assert page.field("application").tag == "input"
    for text in ("field", last.client_id.upper()):
        found = console.get(ACTIVITY, application=text)
        assert [text_of(row[0]) for row in found.one("tbody")] == ["Application created Field app"]
    assert "No matching events" in console.get(ACTIVITY, application="nothing").text
