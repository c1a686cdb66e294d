"""Usage: of one application, of all, in the list, and since when anything is counted."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from common.times import short_date
from oauthapps.console.charts import SLOT
from oauthapps.models import Api, Application, ClientSecret, CredentialCaller, PersonSeen, PublicKey
from oauthapps.models.usage import UsageKind
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from oauthapps.services.credentials import delete_secret
from tests.console.pages import Browser, Page, text_of
from tests.console.test_list import LIST, MOST_STATEMENTS, rows
from tests.console.usage_rows import count, counted_for, today
from tests.factories import make_application

SVG = "{http://www.w3.org/2000/svg}"
USAGE = reverse("console:usage")
SPEC = pytest.mark.spec("U-70", "the console")


def usage_of(application: Application) -> str:
    return reverse("console:application-usage", args=[application.client_id])


def section(page: Page, key: str) -> str:
    """The text of the part of a page that a heading names."""
    return next(text_of(part) for part in page.all("section") if part.get("aria-labelledby") == key)


def table(page: Page, key: str) -> list[list[str]]:
    """The rows of that part's table."""
    part = next(part for part in page.all("section") if part.get("aria-labelledby") == key)
    body = next(part.iter("tbody"))
    return [[text_of(cell) for cell in row if cell.tag in {"th", "td"}] for row in body]


@SPEC
def test_each_chart_has_a_sentence_and_its_numbers_as_a_table(console: Browser, web: Application) -> None:
    count(web, days_ago=3, issued=300, refreshed=12, refused=1, people=4)
    count(web, days_ago=1, issued=3910, refreshed=0, refused=7, people=2)
    page = console.get(usage_of(web))
    most = today() - timedelta(days=1)
    said = f"4,210 tokens issued and 12 refreshed in the last 30 days, most on {most:%b} {most.day} (3,910)."
    assert said in section(page, "tokens")
    assert f"8 requests were refused in the last 30 days, most on {most:%b} {most.day} (7)." in section(
        page, "refused"
    )
    assert "Up to 4 people a day in the last 30 days" in section(page, "people")
    assert len(table(page, "tokens")) == 30
    assert table(page, "tokens")[1] == [f"{most:%b} {most.day}, {most.year}", "3,910", "0"]
    assert table(page, "refused")[3][1:] == ["1"]
    drawings = [svg for svg in page.all(f"{SVG}svg") if svg.get("role") == "img"]
    assert [svg.get("aria-label", "").split(" by day")[0] for svg in drawings] == [
        "Tokens",
        "Refused requests",
        "People",
    ]
    assert "style=" not in page.content


@SPEC
def test_the_period_is_in_the_url(console: Browser, web: Application) -> None:
    count(web, days_ago=89, issued=5)
    count(web, days_ago=90, issued=1000)
    assert "No tokens were issued or refreshed in the last 30 days." in console.get(usage_of(web)).text
    page = console.get(usage_of(web), days="90")
    assert "5 tokens issued and 0 refreshed in the last 90 days" in page.text
    assert len(table(page, "tokens")) == 90
    assert page.links()["7 days"] == "?days=7"
    for unknown in ("", "8", "x", "-7", "9" * 400, "\0"):
        assert "in the last 30 days" in console.get(usage_of(web), days=unknown).text


@SPEC
def test_without_numbers_there_is_no_chart_but_a_sentence(console: Browser, web: Application) -> None:
    page = console.get(usage_of(web))
    assert "No requests were refused in the last 30 days." in page.text
    assert not [svg for svg in page.all(f"{SVG}svg") if svg.get("role") == "img"]


@SPEC
def test_people_of_days_that_are_not_counted_yet_are_counted_by_their_rows(
    console: Browser, web: Application, administrator: User, member: User
) -> None:
    count(web, issued=1)
    count(web, days_ago=1, issued=1, people=1)
    for person in (administrator, member):
        PersonSeen.objects.create(application=web, day=today(), person=person)
    PersonSeen.objects.create(application=web, day=today() - timedelta(days=200), person=member)
    people = [row[1] for row in table(console.get(usage_of(web)), "people")]
    assert people[:3] == ["2", "1", "0"]


@pytest.mark.spec("U-71", "the console")
def test_tokens_are_broken_down_by_what_they_came_by(
    console: Browser, machine: Application, secret: ClientSecret, key: PublicKey, api: Api
) -> None:
    count(machine, kind=UsageKind.SECRET, subject=secret.pk, issued=10, refused=2)
    count(machine, kind=UsageKind.KEY, subject=key.pk, issued=1234)
    count(machine, kind=UsageKind.API, subject=0, issued=3)
    count(machine, kind=UsageKind.API, subject=api.pk, issued=4, refreshed=1)
    for number in range(20):
        CredentialCaller.objects.create(
            application=machine, kind=UsageKind.KEY, credential=key.pk, address=f"192.0.2.{number}"
        )
    for address in ("192.0.2.1", "192.0.2.2"):
        CredentialCaller.objects.create(
            application=machine, kind=UsageKind.SECRET, credential=secret.pk, address=address
        )
    page = console.get(usage_of(machine))
    assert table(page, "by-secrets")[0][:5] == [secret.masked, "10", "0", "2", "2"]
    assert table(page, "by-keys")[0][:5] == [key.short_id, "1,234", "0", "0", "20 or more"]
    day = f"{today():%b} {today().day}, {today().year}"
    assert table(page, "by-apis") == [
        [settings.PRODUCT_NAME, "3", "0", "0", day],
        ["Invoices", "4", "1", "0", day],
    ]


@pytest.mark.spec("U-71", "the console")
def test_what_was_deleted_is_listed_as_long_as_something_was_counted(
    console: Browser, web: Application, administrator: User
) -> None:
    secret = web.secrets.get()
    count(web, kind=UsageKind.SECRET, subject=secret.pk, issued=3)
    count(web, kind=UsageKind.REDIRECT_URL, subject=web.redirect_urls.get().pk + 1000, issued=2)
    count(web, kind=UsageKind.API, subject=4711, issued=1)
    delete_secret(secret, actor=Actor(user=administrator))
    page = console.get(usage_of(web))
    assert table(page, "by-secrets")[0][:2] == [f"{secret.masked} Deleted", "3"]
    assert table(page, "by-redirect-urls")[1][:2] == ["Not on record Deleted", "2"]
    assert table(page, "by-apis")[1][:2] == ["Not on record Deleted", "1"]


@pytest.mark.spec("U-72", "the console")
def test_the_page_of_all_applications_adds_up_and_ranks(
    console: Browser, web: Application, machine: Application, api: Api, administrator: User
) -> None:
    count(web, issued=5, refreshed=1)
    count(machine, days_ago=2, issued=100, refused=3)
    for application in (web, machine):
        count(application, kind=UsageKind.API, subject=api.pk, issued=5)
    page = console.get(USAGE)
    assert "105 tokens issued and 1 refreshed in the last 30 days" in page.text
    assert table(page, "by-application") == [
        ["Nightly export", "100", "0", "3"],
        ["Field app", "5", "1", "0"],
    ]
    assert table(page, "by-api") == [["Invoices", "10", "0", "2"]]
    assert page.links()["Field app"] == f"{usage_of(web)}?days=30"
    delete_application(web, actor=Actor(user=administrator))
    page = console.get(USAGE)
    assert "Field app Deleted" in page.text
    assert "Field app" not in page.links()


@override_settings(APPLICATION_LIMIT=100)
@pytest.mark.spec("U-72", "the console")
def test_a_long_ranking_has_pages_that_keep_the_period(console: Browser) -> None:
    for number in range(51):
        count(make_application(AppType.WEB, name=f"App {number:02}").application, issued=100 - number)
    page = console.get(USAGE, days="7")
    assert len(table(page, "by-application")) == 50
    assert page.links()["Next page"] == "?days=7&page=2"
    assert [row[0] for row in table(console.get(USAGE, days="7", page="2"), "by-application")] == ["App 50"]


@pytest.mark.spec("U-73", "the console")
def test_the_list_has_seven_days_and_their_total_in_words(
    console: Browser, web: Application, machine: Application
) -> None:
    for days_ago, issued in ((0, 10), (6, 1000), (7, 5)):
        count(web, days_ago=days_ago, issued=issued, refreshed=issued)
    page = console.get(LIST)
    listed = rows(page)
    assert (listed["Field app"][4], listed["Nightly export"][4]) == ("2,020 tokens", "0 tokens")
    drawing = next(svg for svg in page.all(f"{SVG}svg") if svg.get("viewBox") == f"0 0 {7 * SLOT} 100")
    assert drawing.get("aria-hidden") == "true"
    assert len(list(drawing.iter(f"{SVG}rect"))) == 2


@pytest.mark.spec("U-73", "the console")
def test_the_weeks_of_all_rows_are_one_statement(
    console: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def statements(number: int) -> int:
        for _ in range(number):
            count(make_application(AppType.WEB, name="App").application, issued=1)
        with django_assert_max_num_queries(MOST_STATEMENTS) as captured:
            console.get(LIST)
        return len(captured)

    assert statements(1) == statements(8)


LAST_USED = pytest.mark.spec("U-74", "the console")


@LAST_USED
def test_never_says_since_when_it_is_counted(console: Browser, web: Application) -> None:
    counted_for(days=30)
    old, new = web, make_application(AppType.WEB, name="New app").application
    created = timezone.now() - timedelta(days=400)
    Application.objects.filter(pk=old.pk).update(created=created)
    old.secrets.update(created_at=created)
    old.redirect_urls.update(created_at=created)
    began, today_ = (short_date(timezone.now() - timedelta(days=days)) for days in (30, 0))
    listed = rows(console.get(LIST))
    assert listed["Field app"][3] == f"Never counted since {began}"
    assert listed["New app"][3] == f"Never counted since {today_}"
    never = f"Never counted since {began}"
    settings_page = console.get(old.get_absolute_url())
    assert settings_page.text.count(never) == 2  # at a glance, and its secret
    assert never in section(console.get(usage_of(old)), "by-secrets")
    assert never in section(console.get(usage_of(old)), "by-redirect-urls")
    secret = old.secrets.get()
    assert never in console.get(reverse("console:delete-secret", args=[old.client_id, secret.pk])).text
    assert never in console.get(reverse("console:delete-application", args=[old.client_id])).text
    assert f"Never counted since {today_}" in console.get(new.get_absolute_url()).text


@LAST_USED
def test_where_only_a_day_is_known_it_is_the_last_use(console: Browser, single_page: Application) -> None:
    count(single_page, days_ago=9, refreshed=3)
    count(single_page, days_ago=2, refused=3)  # a refusal is no use
    day = today() - timedelta(days=9)
    assert rows(console.get(LIST))["Timesheet widget"][3] == f"{day:%b} {day.day}, {day.year}"
    later = timezone.now() - timedelta(days=8)
    single_page.redirect_urls.update(last_used_at=later)
    assert rows(console.get(LIST))["Timesheet widget"][3].startswith("1 week ago")
