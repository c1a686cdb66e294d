"""Where `next` may lead: to pages of this origin, however long their query."""

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.ways_in import LOGIN, WAYS, Visitor
from tests.factories import PASSWORD
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "http://localhost/",
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://localhost:9999/",
    "//localhost/",
    "//testserver/",
    "https://testserver/",
    "http://testserver:8001/console/",
    "http:/console/",
    "http:console",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "\x00/console/",
    "https://evil.example/integrations/oauth2/authorize?client_id=1",
    "//evil.example/?" + "x" * 5_000,
    "//" + "x" * 5_000,
    "console/",
    "?x",
    "",
]
OURS = ["/", "/console/?q=1", "/connected/?q=" + "x" * 9_000, "/?next=//evil.example", "/?a=%5C%5Cb", "/a#b"]


def leads_to(visitor: Client, url: str) -> str:
    """Where the sign-in page leads on to."""
    return visitor.get(LOGIN, {"next": url})["Location"]


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2")
@pytest.mark.parametrize("url", ELSEWHERE, ids=lambda url: repr(url[:40]))
def test_an_address_elsewhere_leads_to_the_start_page(visitor: Client, url: str) -> None:
    assert leads_to(visitor, url) == "/"


@pytest.mark.parametrize("url", OURS, ids=lambda url: repr(url[:40]))
def test_a_path_leads_to_its_page(visitor: Client, url: str) -> None:
    assert leads_to(visitor, url) == url


def test_nothing_leads_to_an_address_that_the_server_cannot_be_asked_for(visitor: Client) -> None:
    assert leads_to(visitor, "/?" + "x" * 60_000) == "/"


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2")
@pytest.mark.parametrize("target", ["http://localhost/", "http://127.0.0.1:8000/", "http://testserver/"])
@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_sign_in_leads_to_another_origin_of_this_machine(
    person: User, way: str, target: str
) -> None:
    prepare, sign_in = WAYS[way]
    prepared, browser = prepare(person), Visitor()
    sign_in(browser, browser.get(LOGIN, next=target), person, prepared)
    assert browser.answers[-2].answer["Location"] == "/"


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2")
def test_neither_does_signing_out_or_being_signed_in_already(person: User) -> None:
    browser = Client()
    sign_in_now(browser, person)
    for target in ("http://localhost/", "http://127.0.0.1/", "http://testserver.localhost/"):
        assert browser.get(LOGIN, {"next": target})["Location"] == "/"
        again = {"password": PASSWORD, "next": target}
        assert browser.post("/accounts/reauthenticate/", again)["Location"] == "/"
    assert browser.post("/accounts/logout/", {"next": "http://localhost/"})["Location"] == LOGIN


def test_a_long_search_survives_signing_in_and_another_color_scheme(person: User) -> None:
    target = "/connected/?q=" + "x" * 5_000
    browser = Visitor()
    page = browser.follow(browser.get(target))
    page = browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))
    assert page.answer.request["QUERY_STRING"] == "q=" + "x" * 5_000
    assert browser.send(page, "/color-scheme/", color_scheme="dark").answer["Location"] == target
