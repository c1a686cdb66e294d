"""Usage and findings as files: the same periods and filters as their pages."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from common.csv_tables import CUT_OFF
from oauthapps.console.views import exports
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from oauthapps.services.hygiene import ignore
from tests.console.pages import Browser, Page
from tests.console.usage_rows import count, counted_for, today
from tests.factories import make_application

USAGE_SPEC = pytest.mark.spec("U-84", "the product's exports")
HYGIENE_SPEC = pytest.mark.spec("U-85", "the product's exports")
USAGE, HYGIENE = "/console/usage/", "/console/hygiene/"
FORMULA = '=HYPERLINK("https://evil.example","x")'


def file_of(browser: Browser, page: Page, address: str, things: str) -> list[dict[str, str]]:
    """The rows of the file that a page links to, by heading."""
    link = page.links()[f"Export CSV {things}"]
    answer = browser.client.get(link)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert link.startswith(address)
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True))


@USAGE_SPEC
def test_usage_of_all_applications_is_exported_as_it_is_ranked(
    console: Browser, web: Application, machine: Application, administrator: User
) -> None:
    count(web, issued=5, refreshed=1)
    count(web, days_ago=1, issued=5)
    count(machine, days_ago=2, issued=100, refused=3)
    count(machine, days_ago=40, issued=1000)
    Application.objects.filter(pk=web.pk).update(name=FORMULA)
    delete_application(machine, actor=Actor(user=administrator))
    rows = file_of(console, console.get(USAGE, days="30"), USAGE, "of usage")
    assert [list(row.values())[3:] for row in rows] == [["100", "0", "3"], ["10", "1", "0"]]
    assert rows[1]["Application"] == f"'{FORMULA}"
    assert rows[1]["Client ID"] == web.client_id
    assert [bool(row["Deleted (UTC)"]) for row in rows] == [True, False]
    rows = file_of(console, console.get(USAGE, days="90"), USAGE, "of usage")
    assert rows[0]["Issued"] == "1100"


@USAGE_SPEC
def test_usage_of_an_application_is_exported_day_by_day(console: Browser, web: Application) -> None:
    count(web, issued=5, refreshed=1, people=2)
    count(web, days_ago=3, refused=4)
    address = reverse("console:application-usage", args=[web.client_id])
    rows = file_of(console, console.get(address, days="7"), address, "of usage")
    assert len(rows) == 7
    assert list(rows[-1].values()) == [today().isoformat(), "5", "1", "0", "2"]
    assert list(rows[3].values())[1:] == ["0", "0", "4", "0"]


@HYGIENE_SPEC
def test_findings_are_exported_with_those_that_are_ignored(
    console: Browser, web: Application, machine: Application, administrator: User
) -> None:
    counted_for(days=200)
    Application.objects.filter(pk=web.pk).update(name=FORMULA)
    actor = Actor(user=administrator)
    ignore(machine, "owner_gone", 0, reason="=1+1", named="No owner", actor=actor)
    rows = file_of(console, console.get(HYGIENE), HYGIENE, "of findings")
    found = {(row["Client ID"], row["Ignored by"]) for row in rows if "owner" in row["Finding"]}
    assert found == {(web.client_id, ""), (machine.client_id, "ada")}
    ignored = next(row for row in rows if row["Ignored by"])
    assert (ignored["Ignored, because"], ignored["Found now"]) == ("'=1+1", "yes")
    assert {row["Application"] for row in rows} == {f"'{FORMULA}", machine.name}
    for query, clients in (
        ({"finding": "owner_gone"}, {web.client_id}),
        ({"finding": "ignored"}, {machine.client_id}),
        ({"application": machine.client_id}, {machine.client_id}),
    ):
        rows = file_of(console, console.get(HYGIENE, **query), HYGIENE, "of findings")
        assert {row["Client ID"] for row in rows} == clients


@HYGIENE_SPEC
def test_of_too_many_findings_the_first_are_exported(
    console: Browser, web: Application, machine: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 0)
    monkeypatch.setattr("common.csv_tables.MOST_ROWS", 0)
    lines = console.client.get(reverse("console:export-hygiene")).content.decode().splitlines()
    assert lines[1:] == [f'"{CUT_OFF}"']


@override_settings(APPLICATION_LIMIT=100)
@USAGE_SPEC
@HYGIENE_SPEC
def test_files_take_as_many_statements_however_much_is_in_them(console: Browser, web: Application) -> None:
    def statements() -> list[int]:
        numbers = []
        for name in ("export-usage", "export-hygiene"):
            with CaptureQueriesContext(connection) as sent:
                console.client.get(reverse(f"console:{name}"))
            numbers.append(len(sent.captured_queries))
        return numbers

    count(web, issued=1)
    few = statements()
    for number in range(30):
        count(make_application(AppType.WEB, name=f"App {number}").application, issued=number)
    assert statements() == few
    assert few[0] <= 4
    assert few[1] <= 9
