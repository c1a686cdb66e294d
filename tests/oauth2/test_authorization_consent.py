"""The decision: it is asked for every time, and it holds for what was shown, to whom it was shown, once."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from oauthapps.models import Grant, Logo
from oauthapps.rules.app_types import AppType
from oauthapps.services.changes import replace_logo
from tests.console.pages import Page, fields_of, text_of
from tests.factories import UserFactory, make_application, stored_earlier
from tests.oauth2.conftest import application_of
from tests.oauth_client import AUTHORIZE, OAuthClient, challenge_of
from tests.rules.images import encoded, noise

pytestmark = pytest.mark.django_db

ORIGIN = "http://testserver.localhost"


def shown(client: OAuthClient, browser: Client, **changes: str | None) -> dict[str, str]:
    """The fields of a consent page's form, with Allow pressed."""
    page = Page(client.consent_page(browser, **changes))
    return fields_of(page.form(AUTHORIZE)) | {"decision": "allow"}


def members(answer: Any) -> dict[str, str]:
    assert answer.status_code == 302, answer.content
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def strict(person: User) -> Client:
    """A browser whose server checks CSRF tokens, as the real one does."""
    browser = Client(enforce_csrf_checks=True, headers={"host": "testserver.localhost"})
    browser.force_login(person)
    return browser


@pytest.mark.spec("A-45", "RFC 9700 §4.5")
def test_two_tabs_each_grant_what_they_showed(web: OAuthClient, visitor: Client) -> None:
    created = make_application(AppType.WEB, redirect_urls=["https://other.example/cb"])
    other = OAuthClient(
        created.application.client_id, created.client_secret, "https://other.example/cb", pkce=True
    )
    first = shown(web, visitor, scope="read", state="first")
    second = shown(other, visitor, scope="write", state="second")
    third = shown(web, visitor, scope="read write", state="third")

    answers = [visitor.post(AUTHORIZE, fields) for fields in (first, second, third)]
    places = [answer["Location"].partition("?")[0] for answer in answers]
    assert places == [web.redirect_uri, other.redirect_uri, web.redirect_uri]
    assert [members(answer)["state"] for answer in answers] == ["first", "second", "third"]
    codes = [members(answer)["code"] for answer in answers]
    assert other.exchange(codes[1], code_verifier="v" * 43).json()["error"] == "invalid_grant"
    replies = [client.exchange(code) for client, code in zip((web, other, web), codes, strict=True)]
    assert [reply.json()["scope"] for reply in replies] == ["read", "write", "read write"]


@pytest.mark.spec("A-45", "RFC 9700 §4.5")
@pytest.mark.spec("W-16", "RFC 9700 §4.5")
@pytest.mark.parametrize(
    "swapped",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "0" * 32},
        {"scope": "read write offline_access"},
        {"state": "another"},
        {"response_type": "token"},
        {"code_challenge": challenge_of("w" * 43), "code_challenge_method": "S256"},
        {"request_id": "0" * 32},
    ],
)
@pytest.mark.parametrize("place", ["body", "query"])
def test_nothing_beside_the_signed_request_counts(
    web: OAuthClient, visitor: Client, swapped: dict[str, str], place: str
) -> None:
    web.pkce = True
    fields = shown(web, visitor, scope="read")
    address = f"{AUTHORIZE}?{urlencode(swapped)}" if place == "query" else AUTHORIZE
    answer = visitor.post(address, fields | (swapped if place == "body" else {}))
    assert answer["Location"].startswith(f"{web.redirect_uri}?code=")
    assert members(answer)["state"] == "the state"
    assert web.exchange(members(answer)["code"]).json()["scope"] == "read"


@pytest.mark.spec("A-45", "RFC 9700 §4.5")
@pytest.mark.spec("W-16", "RFC 9700 §4.5")
def test_a_signed_request_cannot_be_changed_or_made_elsewhere(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    from django.core import signing

    fields = shown(web, visitor)
    sealed = fields["authorization_request"]
    signature = sealed.rpartition(":")[2]
    content = signing.loads(sealed, salt="oauthapps.consent")
    content["parameters"]["client_id"] = single_page.client_id
    forged = [
        "",
        "x",
        "\0",
        "é" * 100,
        sealed[:-1],
        sealed.swapcase(),
        sealed + "=",
        signing.dumps(content, salt="oauthapps.consent", key="x" * 50, compress=True),
        signing.dumps(content, salt="another.salt", compress=True),
        shown(single_page, visitor)["authorization_request"].rpartition(":")[0] + f":{signature}",
    ]
    for value in forged:
        answer = visitor.post(AUTHORIZE, fields | {"authorization_request": value})
        assert answer.status_code == 400
        assert "Location" not in answer
    assert not Grant.objects.exists()
    assert "code" in members(visitor.post(AUTHORIZE, fields))


@pytest.mark.spec("A-46", "RFC 9700 §4.5")
@pytest.mark.parametrize("decision", ["allow", "cancel"])
def test_a_page_shown_to_somebody_else_decides_nothing(
    web: OAuthClient, visitor: Client, person: User, decision: str
) -> None:
    fields = shown(web, visitor) | {"decision": decision}
    visitor.force_login(UserFactory.create())
    answer = visitor.post(AUTHORIZE, fields)
    assert (answer.status_code, "Location" in answer) == (400, False)
    assert not Grant.objects.exists()
    visitor.force_login(person)
    assert visitor.post(AUTHORIZE, fields).status_code == 302


@pytest.mark.spec("A-46", "RFC 9700 §4.5")
@pytest.mark.parametrize(("seconds", "status"), [(3590, 302), (3610, 400)])
def test_a_page_left_open_for_more_than_an_hour_decides_nothing(
    web: OAuthClient, visitor: Client, seconds: int, status: int
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        fields = shown(web, visitor)
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert visitor.post(AUTHORIZE, fields).status_code == status
    assert Grant.objects.count() == (status == 302)


@pytest.mark.spec("W-10", "ASVS 10.7.1; RFC 8252 §8.6")
def test_the_page_is_shown_every_time_also_after_an_earlier_yes(web: OAuthClient, visitor: Client) -> None:
    for _ in range(3):
        web.consent_page(visitor)
    assert not Grant.objects.exists()
    web.get_tokens(visitor)
    web.consent_page(visitor)
    assert Grant.objects.count() == 1


@pytest.mark.spec("W-12", "ASVS 3.5.3")
@pytest.mark.spec("W-15", "ASVS 3.5.3")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_decision_is_sent_by_post_and_counts_in_no_other_way(
    web: OAuthClient, visitor: Client, method: str
) -> None:
    page = Page(web.consent_page(visitor))
    assert page.form(AUTHORIZE).get("method") == "post"
    fields = fields_of(page.form(AUTHORIZE)) | {"decision": "allow"}
    for parameters in (fields, fields | web.authorization_parameters()):
        answer = visitor.generic(method, AUTHORIZE, QUERY_STRING=urlencode(parameters))
        assert answer.status_code in {200, 400}
        assert "Location" not in answer
    assert not Grant.objects.exists()
    assert "code" in members(visitor.post(AUTHORIZE, fields))


@pytest.mark.spec("W-14", "RFC 6749 §10.12")
@pytest.mark.parametrize("decision", ["allow", "cancel"])
@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrfmiddlewaretoken": ""}, {}),
        ({"csrfmiddlewaretoken": "a" * 64}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Origin": "http://testserver.localhost.evil.example"}),
        ({}, {"Origin": "http://testserver.localhost:8080"}),
    ],
)
def test_a_decision_from_another_site_is_refused(
    web: OAuthClient, person: User, fields: dict[str, str], headers: dict[str, str], decision: str
) -> None:
    browser = strict(person)
    sent = shown(web, browser) | {"decision": decision}
    answer = browser.post(AUTHORIZE, sent | fields, headers=headers)
    assert (answer.status_code, "Location" in answer) == (403, False)
    assert not Grant.objects.exists()
    assert browser.post(AUTHORIZE, sent, headers={"Origin": ORIGIN}).status_code == 302


@pytest.mark.spec("W-14", "RFC 6749 §10.12")
def test_a_decision_without_a_session_is_refused(web: OAuthClient, person: User) -> None:
    browser = strict(person)
    fields = shown(web, browser)
    session = browser.cookies.pop("gatehouse_session")
    answer = browser.post(AUTHORIZE, fields)
    assert (answer.status_code, "Location" in answer) == (403, False)
    assert Page(answer).heading == "Sign in"
    assert not Grant.objects.exists()
    browser.cookies["gatehouse_session"] = session.value
    assert browser.post(AUTHORIZE, fields).status_code == 302


@pytest.mark.spec("W-18", "ASVS 10.7.1")
@pytest.mark.parametrize(
    "query",
    [
        "approval_prompt=auto",
        "prompt=none",
        "prompt=none&approval_prompt=auto&access_type=offline",
        "allow=true",
        "allow=Authorize",
        "decision=allow",
        "skip_authorization=1",
        "skip_authorization_completely=true",
        "max_age=0",
    ],
)
def test_nothing_in_a_request_skips_the_page(web: OAuthClient, visitor: Client, query: str) -> None:
    web.get_tokens(visitor)  # allowed before
    answer = visitor.get(f"{AUTHORIZE}?{urlencode(web.authorization_parameters())}&{query}")
    assert answer.status_code == 200
    assert "Allow access" in Page(answer).buttons()
    assert Grant.objects.count() == 1


NAMES = [
    "Field app",
    "x" * 100,
    "W" * 100,
    "\u202egnp.live",
    "\u2066a\u2067b",
    "Adobe\u200b Workfront",
    "Ad\u043ebe Workfront",
    "Adobe Workfront",
    "You will be sent to bank.example",
    "<b>bank.example</b>",
]


@pytest.mark.spec("W-19", "ASVS 10.7.2; RFC 8252 §8.6")
@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_who_asks_whom_and_where_it_leads_whatever_the_name(
    visitor: Client, person: User, name: str
) -> None:
    created = make_application(AppType.WEB, redirect_urls=["https://xn--pple-43d.example/callback"])
    stored_earlier(created.application, name=name, description="Plans\u202e visits.")
    client = OAuthClient(
        created.application.client_id, created.client_secret, "https://xn--pple-43d.example/callback"
    )
    page = Page(client.consent_page(visitor))
    isolated = [text_of(element) for element in page.root.iter("bdi")]
    for text in (name, "Plans\u202e visits.", person.username, person.display_name):
        assert " ".join(text.split()) in isolated  # so that its directions end where it ends
    (host,) = [element for element in page.root.iter("strong") if element.get("dir") == "ltr"]
    assert text_of(host) == "xn--pple-43d.example"
    assert "You will be sent to xn--pple-43d.example" in page.text.replace(name, "")


@pytest.mark.spec("W-19", "ASVS 10.7.2")
def test_the_page_shows_the_logo(web: OAuthClient, visitor: Client) -> None:
    replace_logo(application_of(web), encoded(noise()))
    page = Page(web.consent_page(visitor))
    sources = [image.get("src", "") for image in page.root.iter("img")]
    assert f"/logos/{Logo.objects.get().digest}.png" in sources
