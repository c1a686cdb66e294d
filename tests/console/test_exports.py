"""Export CSV: what is in each file, who gets it, and that filters and no secrets are in it."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, Application, ClientSecret
from oauthapps.rules.app_types import AppType
from oauthapps.services.changes import change_application
from tests.console.pages import Browser
from tests.factories import UserFactory, make_application, record_request

OF_ALL = [
    "export-activity",
    "export-requests",
    "export-applications",
    "export-usage",
    "export-hygiene",
]
OF_APPLICATION = [
    "export-application-access",
    "export-application-activity",
    "export-application-requests",
    "export-application-usage",
]
PEOPLE = "/people/export.csv"


def address_of(name: str, application: Application | None = None) -> str:
    return reverse(f"console:{name}", args=[application.client_id] if application else [])


def table(browser: Browser, address: str, **query: str) -> list[dict[str, str]]:
    """The rows of an exported file, by heading."""
    answer = browser.client.get(address, query)
    assert answer.status_code == 200, answer.content[:500]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.spec("U-57", "the product's exports")
def test_requests_are_exported_with_what_their_pages_show(console: Browser, web: Application) -> None:
    at = datetime(2026, 3, 1, 14, 2, 3, tzinfo=UTC)
    record_request(
        web,
        request_id="a" * 16,
        last_request_id="b" * 16,
        first_at=at,
        at=at + timedelta(hours=1),
        times=4210,
        cause='=HYPERLINK("https://evil.example","x")',
    )
    (row,) = table(console, address_of("export-requests"))
    assert row == {
        "Time (UTC)": "2026-03-01 15:02:03",
        "Request ID": "b" * 16,
        "Times": "4210",
        "First time (UTC)": "2026-03-01 14:02:03",
        "First request ID": "a" * 16,
        "Application": "Field app",
        "Client ID": web.client_id,
        "Client authenticated": "no",
        "Endpoint": "Token",
        "Grant type": "authorization_code",
        "Outcome": "Refused",
        "Status": "400",
        "Error": "invalid_grant",
        "Cause": '\'=HYPERLINK("https://evil.example","x")',
        "Fix": "Exchange each code once, and refresh afterward.",
        "Username": "",
        "IP address": "192.0.2.17",
        "User agent": "example-client/1.0",
        "Parameters": '{"code": "gc_3f…9a1b", "grant_type": "authorization_code"}',
    }


@pytest.mark.spec("U-57", "the product's exports")
def test_events_are_exported_with_the_values_before_and_after(
    console: Browser, web: Application, administrator: User
) -> None:
    change_application(
        web,
        values={"name": "Other", "requires_pkce": True},
        labels={"name": "Name", "requires_pkce": "Require PKCE"},
        actor=Actor(user=administrator, ip_address="192.0.2.1"),
        redirect_urls=["https://a.example/", "https://b.example/"],
    )
    for address in (address_of("export-activity"), address_of("export-application-activity", web)):
        row = table(console, address, what="application:change")[0]
        assert row["Event"] == "Application changed"
        assert row["Who"] == "Ada Lovelace"
        assert row["Username"] == "ada"
        assert row["Client ID"] == web.client_id
        assert row["Before"].splitlines() == [
            "Name: Field app",
            "Redirect URLs: https://client.example/callback",
            "Require PKCE: off",
        ]
        assert row["After"].splitlines()[1:] == [
            "Redirect URLs: https://a.example/, https://b.example/",
            "Require PKCE: on",
        ]


@pytest.mark.spec("U-57", "the product's exports")
def test_filters_of_a_page_are_those_of_its_file(console: Browser, web: Application, member: User) -> None:
    record_request(web, error="invalid_client")
    record_request(web)
    page = console.get(f"{web.get_absolute_url()}requests/", error="invalid_client")
    assert [row["Error"] for row in table(console, page.links()["Export CSV of requests"])] == [
        "invalid_client"
    ]
    page = console.get("/people/", q="bob")
    assert [row["Username"] for row in table(console, page.links()["Export CSV of people"])] == ["bob"]
    page = console.get("/console/activity/", what="secret:")
    kinds = {row["Kind"] for row in table(console, page.links()["Export CSV of events"])}
    assert kinds == {"secret:add"}
    assert table(console, address_of("export-applications"), type="single_page") == []


def test_without_filters_the_url_of_a_file_has_no_query(console: Browser, web: Application) -> None:
    links = console.get("/console/requests/").links()
    assert links["Export CSV of requests"] == address_of("export-requests")
    links = console.get("/console/requests/", error="invalid_client").links()
    assert links["Export CSV of requests"] == f"{address_of('export-requests')}?error=invalid_client"


def test_a_short_list_of_applications_is_exported_whole(console: Browser, web: Application) -> None:
    page = console.get("/console/applications/")
    (row,) = table(console, page.links()["Export CSV of applications"])
    assert row["Name"] == "Field app"
    assert row["Type"] == "Web Application"
    assert row["Client ID"] == web.client_id
    assert row["Last used (UTC)"] == ""


def test_what_applications_may_do_is_exported_beyond_the_first_page(
    console: Browser, machine: Application, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    expires = timezone.now() + timedelta(hours=1)
    for number, person in enumerate(UserFactory.create_batch(120)):
        AccessToken.objects.create(
            application=machine, user=person, token_checksum=f"{number}", scope="read", expires=expires
        )
    with django_assert_max_num_queries(20):
        rows = table(console, address_of("export-application-access", machine))
    assert {row["Active tokens"] for row in rows if row["Username"]} == {"1"}
    assert len({row["Username"] for row in rows if row["Username"]}) == 120
    found = table(console, address_of("export-application-access", machine), q=rows[0]["Username"])
    assert rows[0] in found


@pytest.mark.parametrize("name", ["export-activity", "export-requests"])
def test_filters_that_make_no_sense_lead_to_the_page_that_says_so(console: Browser, name: str) -> None:
    page = console.follow(console.get(address_of(name), first="2026-02-31"))
    assert page.status == 422
    assert page.field("first").get("value") == "2026-02-31"


@pytest.mark.spec("U-58", "ASVS 8.2, 14.3.2")
def test_members_and_strangers_get_no_file(visitor: Browser, stranger: Browser, web: Application) -> None:
    addresses = [
        PEOPLE,
        *map(address_of, OF_ALL),
        *(address_of(name, web) for name in OF_APPLICATION),
    ]
    for address in addresses:
        assert visitor.get(address).status == 403
        assert stranger.get(address).status == 302


@pytest.mark.spec("U-58", "ASVS 8.2, 14.3.2")
def test_files_are_named_after_their_contents_and_day_and_kept_by_no_cache(
    console: Browser, web: Application
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        day = f"{timezone.now():%Y-%m-%d}"
        names = {address_of("export-activity"): f"activity_{day}.csv", PEOPLE: f"people_{day}.csv"}
        names[address_of("export-application-requests", web)] = f"field-app_requests_{day}.csv"
        for address, name in names.items():
            answer = console.client.get(address)
            assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
            assert answer["Cache-Control"] == "no-store"


@pytest.mark.spec("U-58", "ASVS 8.2, 14.3.2")
def test_no_secret_is_in_any_file(console: Browser, administrator: User) -> None:
    made = make_application(AppType.WEB, name="Field app")
    record_request(made.application)
    secret = ClientSecret.objects.get()
    addresses = [
        PEOPLE,
        *map(address_of, OF_ALL),
        *(address_of(name, made.application) for name in OF_APPLICATION),
    ]
    for address in addresses:
        text = console.client.get(address).content.decode()
        assert made.client_secret not in text
        assert administrator.password not in text
        assert secret.digest not in text


@pytest.mark.spec("U-57", "the product's exports")
def test_a_file_takes_as_many_statements_as_it_has_tables(
    console: Browser, web: Application, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(300):
        record_request(web)
        Event.objects.record(EventKind.SECRET_CHANGED, actor=Actor(label=f"{number}"), application=web)
    with django_assert_max_num_queries(6):
        assert len(table(console, address_of("export-requests"))) == 300
    with django_assert_max_num_queries(6):
        assert len(table(console, address_of("export-activity"), what="secret:change")) == 300
