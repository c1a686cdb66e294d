"""Requests: which ones are listed, found and shown, and what is said of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page, text_of
from tests.factories import make_application, record_request

REQUESTS = "/console/requests/"
MOST_STATEMENTS = 6


def listed(page: Page) -> list[str]:
    """The link of each row: what the request was about."""
    return [text_of(next(row.iter("a"))) for row in page.one("tbody")] if page.all("tbody") else []


def of_application(application: Application) -> str:
    return reverse("console:application-requests", args=[application.client_id])


def shown(browser: Browser, row: RecordedRequest) -> Page:
    return browser.get(reverse("console:request", args=[row.pk]))


@pytest.mark.spec("U-50", "the product's request inspector")
def test_a_row_says_when_who_where_what_was_answered_and_why(console: Browser, web: Application) -> None:
    record_request(web, is_authenticated=True, at=timezone.now() - timedelta(minutes=3))
    what, client, answer, when, where = (text_of(cell) for cell in console.get(REQUESTS).one("tbody")[0])
    assert what == "The authorization code was used 3 minutes before. Token: authorization_code"
    assert client == "Field app"
    assert answer == "Refused 400 invalid_grant"
    assert when.startswith("3 minutes ago")
    assert where == "192.0.2.17"


@pytest.mark.spec("U-50", "the product's request inspector")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"client_id": "0" * 32}, f"Unknown: {'0' * 32} Not authenticated"),
        ({"client_id": "0" * 32, "endpoint": "authorize"}, f"Unknown: {'0' * 32}"),
        ({}, "Not named"),
    ],
)
def test_a_client_that_only_says_who_it_is_is_said_to(
    console: Browser, fields: dict[str, Any], expected: str
) -> None:
    record_request(**fields)
    assert text_of(console.get(REQUESTS).one("tbody")[0][1]) == expected


def test_requests_that_share_a_row_are_counted(console: Browser, web: Application) -> None:
    first = datetime(2026, 3, 1, 14, 2, tzinfo=UTC)
    row = record_request(web, times=4210, first_at=first, last_request_id="f" * 16)
    assert "4,210 times since Mar 1, 2026, 14:02 UTC" in text_of(console.get(REQUESTS).one("tbody")[0])
    page = shown(console, row)
    assert (
        "4,210 times since Mar 1, 2026, 14:02 UTC; cause, parameters, and caller are those of the first"
        in page.text
    )
    assert "f" * 16 in page.text


def test_a_granted_request_has_a_sentence_too(console: Browser, web: Application) -> None:
    record_request(web, is_refused=False, status=200, error="", cause="", fix="", is_authenticated=True)
    row = console.get(REQUESTS).one("tbody")[0]
    assert text_of(row[0]).startswith("Granted by the token endpoint")
    assert text_of(row[2]) == "Granted 200"


def test_a_deleted_application_is_named_and_no_longer_linked(
    console: Browser, web: Application, administrator: User
) -> None:
    row = record_request(web)
    delete_application(web, actor=Actor(user=administrator))
    page = console.get(REQUESTS)
    assert "Field app (deleted)" in page.text
    assert "Field app" not in page.links()
    assert "Requests of this application" not in shown(console, row).links()


def test_the_page_of_an_application_lists_its_own_only(
    console: Browser, web: Application, machine: Application
) -> None:
    record_request(web, cause="Ours")
    record_request(machine, cause="Theirs")
    record_request(cause="Nobody's")
    page = console.get(of_application(web))
    assert listed(page) == ["Ours"]
    assert page.heading == "Field app"


@pytest.mark.spec("U-51", "the product's request inspector")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["third", "second", "first"]),
        ({"outcome": "refused"}, ["third", "first"]),
        ({"outcome": "granted"}, ["second"]),
        ({"endpoint": "authorize"}, ["third"]),
        ({"error": "invalid_grant"}, ["first"]),
        ({"error": "invalid"}, []),
        ({"address": "2001:db8::1"}, ["third", "second"]),
        ({"first": "2026-03-02"}, ["third", "second"]),
        ({"first": "2026-03-02", "last": "2026-03-02"}, ["second"]),
        ({"last": "2026-03-01"}, ["first"]),
        ({"request_id": "a" * 16}, ["first"]),
        ({"request_id": "c" * 16}, ["third"]),
        ({"request_id": "d" * 16, "outcome": "granted"}, []),
    ],
)
def test_filters_narrow_the_list_together(
    console: Browser, web: Application, query: dict[str, str], expected: list[str]
) -> None:
    record_request(web, cause="first", request_id="a" * 16, at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    record_request(
        web,
        cause="second",
        is_refused=False,
        error="",
        address="2001:db8::1",
        at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    record_request(
        web,
        cause="third",
        endpoint="authorize",
        error="access_denied",
        address="2001:db8::1",
        request_id="c" * 16,
        last_request_id="d" * 16,
        at=datetime(2026, 3, 3, tzinfo=UTC),
    )
    for address in (REQUESTS, of_application(web)):
        assert listed(console.get(address, **query)) == expected


def test_requests_of_one_application_are_found_on_the_page_of_all(
    console: Browser, web: Application, machine: Application
) -> None:
    record_request(web, cause="Ours")
    record_request(machine, cause="Theirs")
    assert listed(console.get(REQUESTS, application=web.client_id)) == ["Ours"]


@pytest.mark.spec("U-51", "the product's request inspector")
@pytest.mark.parametrize(
    "pasted",
    [
        " 4f0c8a1be2d37900 ",
        "“4f0c8a1be2d37900”",
        "'4f0c8a1be2d37900',",
        "X-Request-Id: 4f0c8a1be2d37900",
        "4F0C8A1B E2D37900",
    ],
)
def test_a_request_id_is_found_as_it_was_copied(console: Browser, web: Application, pasted: str) -> None:
    record_request(web, request_id="4f0c8a1be2d37900")
    record_request(web)
    page = console.get(REQUESTS, request_id=pasted)
    assert len(listed(page)) == 1
    assert page.field("request_id").get("value") == pasted


@pytest.mark.spec("U-51", "the product's request inspector")
@pytest.mark.parametrize(
    ("query", "label"),
    [
        ({"request_id": "no such thing"}, "Request ID"),
        ({"request_id": '""'}, "Request ID"),
        ({"outcome": "maybe"}, "Outcome"),
        ({"endpoint": "rocket"}, "Endpoint"),
        ({"error": "W" * 61}, "Error"),
        ({"address": "192.0.2.999"}, "IP address"),
        ({"first": "2026-02-31"}, "From"),
        ({"first": "2026-03-02", "last": "2026-03-01"}, "To"),
    ],
)
def test_what_cannot_be_looked_for_is_explained_and_stays_in_the_form(
    console: Browser, web: Application, query: dict[str, str], label: str
) -> None:
    record_request(web)
    for address in (REQUESTS, of_application(web)):
        page = console.get(address, **{"error": "invalid_grant"} | query)
        assert page.status == 422
        assert label in page.alerts()
        assert listed(page) == []
        for name, value in query.items():
            field = page.field(name)
            assert field.tag == "select" or field.get("value") == value


def test_it_says_how_long_requests_are_kept(console: Browser, web: Application, settings: Settings) -> None:
    settings.REQUEST_DAYS = 9
    for address in (REQUESTS, of_application(web)):
        assert "Requests are kept for 9 days." in console.get(address).text


def test_what_is_not_found_is_said_to_be(console: Browser, web: Application) -> None:
    page = console.get(REQUESTS)
    assert "No requests yet" in page.text
    page = console.get(REQUESTS, error="nothing")
    assert "No matching requests" in page.text
    assert page.links()["Clear filters"] == REQUESTS
    assert "No request with this ID" in console.get(REQUESTS, request_id="a" * 16).text
    assert "No requests yet" in console.get(of_application(web)).text


@pytest.mark.spec("U-51", "the product's request inspector")
def test_older_requests_are_a_page_away_and_filters_stay(console: Browser, web: Application) -> None:
    now = timezone.now()
    for number in range(120):
        # Three at a time came at once.
        record_request(web, cause=f"{number}", at=now + timedelta(seconds=number // 3))
        record_request(web, cause="other", error="invalid_client", at=now + timedelta(seconds=number // 3))
    for address in (REQUESTS, of_application(web)):
        seen: list[str] = []
        page = console.get(address, error="invalid_grant")
        while older := page.links().get("Older requests"):
            assert len(listed(page)) == 50
            seen += listed(page)
            page = console.get(f"{address}{older}")
        assert seen + listed(page) == [f"{number}" for number in reversed(range(120))]
        assert page.links()["Latest requests"] == "?error=invalid_grant"


@pytest.mark.parametrize("before", ["x", "-", "1-x", "9" * 40, f"{'9' * 18}-1", "\u0661-1", "5"])
def test_a_page_that_cannot_be_is_the_latest(console: Browser, web: Application, before: str) -> None:
    record_request(web)
    assert listed(console.get(REQUESTS, before=before))


def test_a_full_page_takes_no_more_statements_than_an_empty_one(
    console: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        record_request(
            make_application(AppType.WEB, name=f"Application {number}").application if number < 5 else None
        )
    with django_assert_max_num_queries(MOST_STATEMENTS):
        assert len(listed(console.get(REQUESTS))) == 50


@pytest.mark.spec("U-52", "the product's request inspector")
def test_the_page_of_a_request_shows_all_there_is(
    console: Browser, web: Application, administrator: User
) -> None:
    row = record_request(web, username="ada", is_authenticated=True)
    page = shown(console, row)
    assert page.heading == f"Request {row.request_id}"
    assert page.text.index("The authorization code was used") < page.text.index("Exchange each code once")
    assert page.text.index("Exchange each code once") < page.text.index("192.0.2.17")
    for text in ("example-client/1.0", "gc_3f…9a1b", "invalid_grant", "authorization_code"):
        assert text in page.text
    links = page.links()
    assert links["Field app"] == web.get_absolute_url()
    assert links["Ada Lovelace"] == reverse("person", args=[administrator.user_id])
    assert links["Activity of this application"] == f"{web.get_absolute_url()}activity/"


def test_a_parameter_may_have_any_name_and_any_value(console: Browser, web: Application) -> None:
    row = record_request(web, parameters={"items": "x", "scope": ["a", "b"], "<b>": "<script>1</script>"})
    page = shown(console, row)
    terms = [text_of(term) for term in page.all("dt")]
    assert terms[-3:] == ["<b>", "items", "scope"]
    assert '["a", "b"]' in page.text
    assert "<script>1" not in page.content


def test_a_request_may_have_no_id(console: Browser, web: Application) -> None:
    assert shown(console, record_request(web, request_id="")).heading == "Request without an ID"


@pytest.mark.spec("U-52", "the product's request inspector")
def test_an_event_leads_to_the_request_that_it_happened_in(console: Browser, web: Application) -> None:
    row = record_request(web)
    address = reverse("console:request", args=[row.pk])
    Event.objects.record(EventKind.CODE_REPLAYED, actor=Actor(request_id=row.request_id), application=web)
    record_request(web, request_id="")
    Event.objects.record(EventKind.CODE_REPLAYED, actor=Actor(), application=web)
    for page in (console.get("/console/activity/"), console.get(f"{web.get_absolute_url()}activity/")):
        links = [link for link in page.links().values() if link.startswith(REQUESTS) and link != REQUESTS]
        assert links == [address]


def test_a_request_that_is_not_there_is_404(console: Browser, db: None) -> None:
    assert console.get(f"{REQUESTS}1/").status == 404
    assert console.get(f"{REQUESTS}{2**63 - 1}/").status == 404


@pytest.mark.spec("U-52", "the product's request inspector")
def test_whoever_reaches_system_gets_from_the_error_page_to_the_request(
    console: Browser, auditor: User, visitor: Browser, stranger: Browser, web: Application
) -> None:
    query = {"client_id": web.client_id, "redirect_uri": "https://other.example/", "response_type": "code"}
    page = console.get("/integrations/oauth2/authorize", **query)
    request_id = page.answer["X-Request-Id"]
    row = RecordedRequest.objects.with_id(request_id).first() or record_request(web, request_id=request_id)
    assert listed(console.get(page.links()["Find this request"])) == [row.sentence]
    assert "Find this request" in browser_of(auditor).get("/integrations/oauth2/authorize", **query).links()
    for browser in (visitor, stranger):
        page = browser.get("/integrations/oauth2/authorize", **query)
        assert "Find this request" not in page.links()
        assert f"give your organization's IT team this request ID: {page.answer['X-Request-Id']}" in page.text
