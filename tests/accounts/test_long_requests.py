"""A long authorization request goes on after signing in; one that is too long is an error for its client."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from allauth.account import app_settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.accounts.ways_in import LOGIN, SECOND_FACTOR, TOTP_SECRET, WAYS, Visitor, prepare_second_factor
from tests.console.pages import Browser, Page, fields_of
from tests.factories import PASSWORD
from tests.oauth_client import AUTHORIZE, OAuthClient
from tests.second_factors import code_of

pytestmark = pytest.mark.django_db

STATES = {
    "2,100 plain": "x" * 2_100,
    "8,000 plain": "x" * 8_000,
    "8,000 that are percent-encoded": '{"a":/+%&}' * 800,
    "2,000 of two bytes": "\u00fc" * 2_000,
    "2,000 of three bytes": "\u6771" * 2_000,
    "2,000 of four bytes": "\U0001f511" * 2_000,
}
MOST_BYTES = 10 * 1024


def asked_on(page: Page) -> dict[str, str]:
    """The authorization request that a consent page was reached by."""
    assert page.heading.startswith("Allow application"), page.text
    return dict(parse_qsl(page.answer.request["QUERY_STRING"]))


def back_with(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


@pytest.mark.spec("A-47", "RFC 6749 §4.1.2, Appendix A.5")
@pytest.mark.spec("W-01", "RFC 6749 §3.1")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", STATES)
def test_a_long_state_comes_back_after_signing_in(
    single_page: OAuthClient, person: User, way: str, state: str
) -> None:
    prepare, sign_in = WAYS[way]
    prepared, browser = prepare(person), Visitor()
    asked = single_page.authorization_parameters(state=STATES[state], scope="read")
    page = browser.follow(browser.get(AUTHORIZE, **asked))
    assert page.heading == "Sign in"
    consent = sign_in(browser, page, person, prepared)
    assert asked_on(consent) == asked
    answer = browser.send(consent, AUTHORIZE, decision="allow").answer
    back = back_with(answer["Location"])
    assert back["state"] == STATES[state]
    assert single_page.exchange(back["code"]).json()["scope"] == "read"


@pytest.mark.spec("A-47", "RFC 6749 §4.1.2.1")
def test_a_long_state_survives_another_account_and_a_cancel(web: OAuthClient, person: User) -> None:
    browser = Visitor()
    browser.client.force_login(person)
    asked = web.authorization_parameters(state=STATES["2,000 of four bytes"])
    consent = browser.get(AUTHORIZE, **asked)
    page = browser.follow(browser.send(consent, f"{AUTHORIZE}/switch-account"))
    consent = WAYS["password"][1](browser, page, person, None)
    assert asked_on(consent) == asked
    canceled = browser.send(consent, AUTHORIZE, decision="cancel").answer
    assert back_with(canceled["Location"])["state"] == asked["state"]


@pytest.mark.spec("A-47", "RFC 6749 §3.1")
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_sign_in_page_left_open_leads_on_once_another_tab_has_signed_in(
    web: OAuthClient, person: User, method: str
) -> None:
    browser = Visitor()
    asked = web.authorization_parameters(state=STATES["8,000 that are percent-encoded"])
    address = browser.get(AUTHORIZE, **asked).answer["Location"]
    page = browser.get(address)
    browser.client.force_login(person)
    if method == "get":
        assert asked_on(browser.follow(browser.get(address))) == asked
    else:
        fields = fields_of(page.form(LOGIN)) | {"login": person.username, "password": PASSWORD}
        assert asked_on(browser.follow(browser.post(LOGIN, fields))) == asked


@pytest.mark.spec("A-49", "RFC 6749 §3.1")
def test_of_two_requests_in_two_tabs_the_later_one_goes_on_after_the_second_factor(
    web: OAuthClient, person: User
) -> None:
    prepare_second_factor(person)
    browser = Visitor()
    sign_in = browser.follow(browser.get("/connected/"))
    browser.send(sign_in, LOGIN, login=person.username, password=PASSWORD)
    asked = web.authorization_parameters(state="of the second tab")
    page = browser.follow(browser.get(AUTHORIZE, **asked))
    assert page.answer["Location"] == SECOND_FACTOR
    consent = browser.follow(browser.send(browser.follow(page), SECOND_FACTOR, code=code_of(TOTP_SECRET)))
    assert asked_on(consent) == asked


def query_of(client: OAuthClient, length: int, character: str = "x") -> str:
    """A query whose parameters have so many bytes together."""
    parameters = client.authorization_parameters(state=None)
    rest = length - sum(len(value.encode()) for value in parameters.values())
    return urlencode(parameters | {"state": character * rest})


@pytest.mark.spec("A-48", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("character", ["x", "{"])
def test_whatever_is_longer_is_an_error_for_the_client(
    web: OAuthClient, visitor: Client, character: str
) -> None:
    allowed, longer = (query_of(web, MOST_BYTES + more, character) for more in (0, 1))
    assert visitor.get(f"{AUTHORIZE}?{allowed}").status_code == 200
    assert Client().get(f"{AUTHORIZE}?{allowed}")["Location"].startswith(LOGIN)
    for browser in (visitor, Client()):
        answer = browser.get(f"{AUTHORIZE}?{longer}")
        assert answer.status_code == 302
        assert answer["Location"].startswith(web.redirect_uri)
        back = back_with(answer["Location"])
        assert back["error"] == "invalid_request"
        assert "too long" in back["error_description"]
        assert back["state"] == dict(parse_qsl(longer))["state"]
        assert "code" not in back


@pytest.mark.spec("A-48", "RFC 6749 §4.1.2.1")
def test_not_only_the_state_can_make_a_request_too_long(web: OAuthClient, visitor: Client) -> None:
    for browser in (visitor, Client()):
        answer = browser.get(AUTHORIZE, web.authorization_parameters(scope="read " * 4_000))
        assert back_with(answer["Location"])["error"] == "invalid_request"
        refused = browser.get(
            AUTHORIZE, web.authorization_parameters(redirect_uri="https://x.example/" * 900)
        )
        assert refused.status_code == 400  # nobody is sent to an address in doubt


@pytest.mark.spec("A-48", "RFC 6749 §3.1")
def test_what_nobody_reads_counts_for_nothing(web: OAuthClient, visitor: Client) -> None:
    asked: Any = web.authorization_parameters() | {"nonce": "x" * 12_000}
    assert visitor.get(AUTHORIZE, asked).status_code == 200
    browser = Browser(Client())
    location = browser.get(AUTHORIZE, **asked).answer["Location"]
    assert "xxx" not in location


def at_second_factor(web: OAuthClient, person: User, browser: Visitor, state: str) -> Page:
    """Another tab of the browser, at the second factor on the way of its own request."""
    page = browser.follow(browser.get(AUTHORIZE, **web.authorization_parameters(state=state)))
    if page.status == 302:  # the first factor was given in another tab
        return browser.follow(page)
    return browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))


@pytest.mark.spec("A-49", "RFC 6749 §3.1")
def test_each_tab_that_waits_for_the_second_factor_goes_on_with_its_own_request(
    web: OAuthClient, person: User
) -> None:
    prepare_second_factor(person)
    browser = Visitor()
    first, second = (at_second_factor(web, person, browser, state) for state in ("one", "{" * 6_000))
    browser.send(first, SECOND_FACTOR, code="000000")
    code = code_of(TOTP_SECRET)
    assert asked_on(browser.follow(browser.send(first, SECOND_FACTOR, code=code)))["state"] == "one"
    late = browser.send(second, SECOND_FACTOR, code=code)  # signed in already
    assert asked_on(browser.follow(late))["state"] == "{" * 6_000


@pytest.mark.spec("A-49", "RFC 6749 §3.1")
def test_a_second_factor_that_comes_too_late_leads_to_the_sign_in_for_the_same_request(
    web: OAuthClient, person: User
) -> None:
    prepare_second_factor(person)
    browser = Visitor()
    page = at_second_factor(web, person, browser, "x" * 8_000)
    with time_machine.travel(timezone.now() + timedelta(seconds=app_settings.LOGIN_TIMEOUT + 1)):
        page = browser.follow(browser.send(page, SECOND_FACTOR, code=code_of(TOTP_SECRET)))
        assert page.heading == "Sign in"
        consent = WAYS["second factor"][1](browser, page, person, None)
    assert asked_on(consent)["state"] == "x" * 8_000


def test_what_a_form_of_the_second_factor_names_as_next_never_leads_elsewhere(person: User) -> None:
    prepare_second_factor(person)
    browser = Visitor()
    page = browser.send(browser.get(LOGIN), LOGIN, login=person.username, password=PASSWORD)
    for target in ("http://localhost/", "//evil.example"):
        browser.post(SECOND_FACTOR, {"code": "000000", "next": target})
    page = browser.post(SECOND_FACTOR, {"code": code_of(TOTP_SECRET), "next": "https://evil.example/"})
    assert page.answer["Location"] == "/"
