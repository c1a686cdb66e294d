"""Add this URL: a redirect URI that was refused becomes a redirect URL by two clicks and a recent sign-in."""

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.console.redirect_mismatch import MarkedURL, marked
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules.urls.redirect_url_text import MAX_REDIRECT_URLS, TOO_MANY
from oauthapps.services.applications import delete_application
from oauthapps.services.changes import add_redirect_url
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import REDIRECT_URL, record_redirect_mismatch
from tests.sign_ins import age_sign_in

SENT = "https://client.example/callback2"


@pytest.fixture
def row(web: Application) -> RecordedRequest:
    return record_redirect_mismatch(web, SENT)


def page_of(row: RecordedRequest) -> str:
    return reverse("console:request", args=[row.pk])


def adding(row: RecordedRequest) -> str:
    return reverse("console:add-sent-url", args=[row.pk])


def urls_of(application: Application) -> list[str]:
    return [each.url for each in application.redirect_urls.all()]


def compared(page: Page) -> list[Element]:
    return [each for each in page.all("code") if "compared-url" in each.get("class", "")]


@pytest.mark.spec("U-53", "the product's request inspector")
def test_both_urls_are_shown_with_the_difference_marked_also_for_screen_readers(
    console: Browser, row: RecordedRequest
) -> None:
    sent, registered = compared(console.get(page_of(row)))
    assert text_of(sent) == "https://client.example/callback [difference: 2]"
    assert text_of(registered) == "https://client.example/callback [difference: nothing]"
    assert [text_of(each) for each in sent.iter("mark")] == ["[difference: 2]"]


@pytest.mark.spec("U-53", "the product's request inspector")
@pytest.mark.parametrize(
    ("url", "other", "parts"),
    [
        ("https://a.example/x/y", "https://a.example/z/y", ("https://a.example/", "x", "/y")),
        ("http://a.example/", "https://a.example/", ("http", "", "://a.example/")),
        ("https://a.example/aa", "https://a.example/a", ("https://a.example/a", "a", "")),
        ("https://a.example/\u200b", "https://a.example/", ("https://a.example/", "\\u{200b}", "")),
        ("https://a.example/", "https://a.example/", ("https://a.example/", "", "")),
        ("x", "", ("", "x", "")),
    ],
)
def test_the_difference_is_what_is_not_alike(url: str, other: str, parts: tuple[str, str, str]) -> None:
    before, different, after = parts
    assert marked(url, other) == MarkedURL(before=before, different=different, after=after)


@pytest.mark.spec("U-54", "ASVS 15.3; 9700 §4.1.3")
def test_a_url_is_added_once_it_was_shown_with_its_host_and_confirmed(
    console: Browser, web: Application, administrator: User, row: RecordedRequest
) -> None:
    page = console.get(console.get(page_of(row)).links()["Add this URL"])
    assert urls_of(web) == [REDIRECT_URL]
    assert SENT in page.text
    assert "client.example" in [text_of(each) for each in page.all("strong")]
    assert "Anybody can send a request with any URL" in page.text
    page = console.follow(console.send(page))
    assert urls_of(web) == [REDIRECT_URL, SENT]
    assert "Redirect URL added" in page.messages
    assert page.links()["Change its Redirect URLs"] == f"{web.get_absolute_url()}#redirect-urls"
    assert "Add this URL" not in page.links()
    event = Event.objects.get(kind=EventKind.APPLICATION_CHANGED)
    assert event.actor == administrator
    assert event.before == {"Redirect URLs": [REDIRECT_URL]}
    assert event.after == {"Redirect URLs": [REDIRECT_URL, SENT]}


@pytest.mark.spec("U-54", "ASVS 15.3; 9700 §4.1.3")
def test_adding_it_asks_for_a_sign_in_of_the_last_30_minutes(
    console: Browser, web: Application, row: RecordedRequest
) -> None:
    page = console.get(adding(row))
    age_sign_in(console, minutes=31)
    assert console.send(page).answer["Location"].startswith("/accounts/reauthenticate/")
    assert urls_of(web) == [REDIRECT_URL]


@pytest.mark.parametrize("sent", ["https://evil.example/", ""])
def test_only_what_was_shown_is_added(
    console: Browser, web: Application, row: RecordedRequest, sent: str
) -> None:
    page = console.send(console.get(adding(row)), sent_url=sent)
    assert "another URL" in page.messages
    assert fields_of(page.form())["sent_url"] == SENT
    assert urls_of(web) == [REDIRECT_URL]


@pytest.mark.spec("U-54", "ASVS 15.3; 9700 §4.1.3")
@pytest.mark.parametrize(
    ("sent", "details", "reason"),
    [
        ("http://client.example/callback", {}, "http is allowed only for"),
        ("https://Client.example/callback", {}, "in lowercase"),
        (SENT, {"can_add": False}, None),
        (REDIRECT_URL, {}, "now has"),
    ],
)
def test_what_the_application_cannot_have_is_not_offered_or_added(
    console: Browser, web: Application, sent: str, details: dict[str, Any], reason: str | None
) -> None:
    row = record_redirect_mismatch(web, sent)
    RecordedRequest.objects.filter(pk=row.pk).update(details=row.details | details)
    page = console.get(page_of(row))
    assert "Add this URL" not in page.links()
    assert (reason or "") in page.text
    assert ("The URL that was sent can" in page.text) is (reason not in {None, "now has"})
    console.follow(console.post(adding(row), {"sent_url": sent}))
    assert urls_of(web) == [REDIRECT_URL]


@pytest.mark.parametrize("details", [{}, {"sent": 7}, {"sent": SENT, "registered": None, "can_add": "yes"}])
def test_a_request_about_something_else_offers_nothing(
    console: Browser, web: Application, row: RecordedRequest, details: dict[str, Any]
) -> None:
    RecordedRequest.objects.filter(pk=row.pk).update(details=details)
    assert "Add this URL" not in console.get(page_of(row)).links()
    console.follow(console.get(adding(row)))
    assert urls_of(web) == [REDIRECT_URL]


def test_applications_that_were_deleted_or_have_no_redirect_urls_get_none(
    console: Browser, web: Application, machine: Application, administrator: User, row: RecordedRequest
) -> None:
    other = record_redirect_mismatch(machine, SENT)
    assert "Applications of this type have no Redirect URLs" in console.get(page_of(other)).text
    delete_application(web, actor=Actor(user=administrator))
    assert "Add this URL" not in console.get(page_of(row)).links()
    for each in (row, other):
        console.follow(console.post(adding(each), {"sent_url": SENT}))
    assert urls_of(web) == [REDIRECT_URL]
    assert urls_of(machine) == []


@pytest.mark.spec("U-54", "ASVS 15.3; 9700 §4.1.3")
def test_more_than_an_application_may_have_is_refused_with_the_reason(
    console: Browser, web: Application, administrator: User, row: RecordedRequest
) -> None:
    page = console.get(adding(row))
    for number in range(MAX_REDIRECT_URLS - 1):
        assert add_redirect_url(web, f"https://client.example/{number}", actor=Actor(user=administrator))
    page = console.follow(console.send(page))
    assert TOO_MANY in page.messages
    assert len(urls_of(web)) == MAX_REDIRECT_URLS


def test_a_url_is_added_once(web: Application, administrator: User) -> None:
    assert add_redirect_url(web, SENT, actor=Actor(user=administrator))
    assert not add_redirect_url(web, SENT, actor=Actor(user=administrator))
    assert Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).count() == 1
