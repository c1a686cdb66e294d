"""The consent page: what somebody reads before they decide."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from oauthapps.models import Application, Consent
from oauthapps.rules.app_types import AppType
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import REDIRECT_URL, make_application, stored_earlier
from tests.oauth_client import challenge_of

AUTHORIZE = "/integrations/oauth2/authorize"


def ask(browser: Browser, application: Application, **changes: str) -> Page:
    query = {"client_id": application.client_id, "redirect_uri": REDIRECT_URL, "response_type": "code"}
    return browser.get(AUTHORIZE, **(query | changes))


def make(**settings: Any) -> Application:
    name = settings.pop("name", "Field app")
    return make_application(AppType.WEB, name=name, settings=settings).application


def test_it_says_who_wants_what_in_whose_name(visitor: Browser, web: Application) -> None:
    page = ask(visitor, web)
    assert page.heading == (
        "Allow application Field app to access your Gatehouse account bob "
        "to perform the following on your behalf"
    )
    assert "Retrieve content and information that you have access to" in page.text
    assert "Create, edit, and delete records that you have access to" in page.text
    assert "Keep this access while you're away" in page.text
    assert "It never sees your password" in page.text
    assert "You will be sent to client.example" in page.text
    assert "Signed in as Bob Builder" in page.text
    assert "You can revoke access anytime" in page.text


def test_it_names_only_what_was_asked_for(visitor: Browser, web: Application) -> None:
    page = ask(visitor, web, scope="read")
    assert "Retrieve content" in page.text
    assert "Create, edit" not in page.text
    assert "It can't create, edit, or delete anything." in page.text
    assert "After 1 hour at most, it has to send you here again" in page.text
    assert "Keep this access" not in page.text


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"absolute_expiration": "30d"}, "Keep this access while you're away. Until Dec 24, 2026."),
        ({"absolute_expiration": "none", "inactivity_expiration": "none"}, "Until you revoke it."),
    ],
)
def test_it_says_until_when_by_the_application_s_own_settings(
    visitor: Browser, settings: dict[str, str], expected: str
) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        visitor.client.force_login(User.objects.get(username="bob"))
        assert expected in ask(visitor, make(**settings)).text


def test_what_the_application_says_about_itself_is_marked_as_such(visitor: Browser) -> None:
    page = ask(visitor, make(description="Made by your administrator."))
    assert "How the application describes itself Made by your administrator." in page.text
    assert "Registered for Organization on" in page.text


def test_cancel_comes_first_and_only_two_buttons_decide(visitor: Browser, web: Application) -> None:
    page = ask(visitor, web)
    assert page.buttons() == ["Cancel", "Allow access", "Switch account"]
    decisions = list(page.form(AUTHORIZE).iter("button"))
    shown = [button for button in decisions if button.get("hidden") is None]
    assert [button.get("value") for button in shown] == ["cancel", "allow"]
    others = [text for text in page.buttons() if text != "Allow access"]
    assert not [text for text in others if any(word in text.lower() for word in WORDS_OF_CONSENT)]


WORDS_OF_CONSENT = ("allow", "accept", "agree", "yes", "continue")


@pytest.mark.parametrize(("decision", "expected"), [("allow", "code"), ("cancel", "error")])
def test_either_button_sends_the_person_back(
    visitor: Browser, web: Application, decision: str, expected: str
) -> None:
    answer = visitor.send(ask(visitor, web, state="x"), AUTHORIZE, decision=decision).answer
    assert answer["Location"].startswith(REDIRECT_URL)
    assert expected in dict(parse_qsl(urlsplit(answer["Location"]).query))
    assert Consent.objects.exists() == (decision == "allow")


def test_the_first_person_at_an_address_is_cautioned(visitor: Browser, web: Application) -> None:
    page = ask(visitor, web)
    assert "Nobody has been sent there before." in page.text
    visitor.send(page, AUTHORIZE, decision="allow")
    assert "Nobody has been sent" not in ask(visitor, web).text


def test_where_an_app_on_the_device_answers_the_page_says_so(visitor: Browser) -> None:
    redirect_url = "com.example.field:/callback"
    made = make_application(AppType.SINGLE_PAGE, redirect_urls=[redirect_url]).application
    challenge = challenge_of("a verifier of some forty-three characters and more")
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
    page = ask(visitor, made, redirect_uri=redirect_url, **pkce)
    assert "You will be sent to an app on this device: com.example.field" in page.text


def test_links_of_the_application_lead_away_without_a_trace(visitor: Browser) -> None:
    application = make(
        description="Plans visits.",
        description_url="https://app.example/about",
        privacy_policy_url="https://app.example/privacy",
        terms_of_service_url="https://app.example/terms",
        developer_name="Dev",
        developer_email="dev@app.example",
    )
    page = ask(visitor, application)
    away = [link for link in page.all("a") if "app.example" in link.get("href", "")]
    assert [text_of(link) for link in away] == [
        "About this application",
        "Privacy policy",
        "Terms of service",
    ]
    assert {link.get("rel") for link in away} == {"noopener noreferrer"}
    assert "Plans visits." in page.text
    assert "Developer: Dev dev@app.example" in page.text


@pytest.mark.parametrize(
    "name",
    [
        "\u202egnp.live",
        "Adobe\u200b Workfront",
        "<b>bold</b>",
        "x" * 100,
        "You will be sent to bank.example",
        "\u2066a\u2067b",
    ],
)
def test_a_name_can_neither_hide_nor_imitate_the_host(visitor: Browser, name: str) -> None:
    page = ask(visitor, stored_earlier(make(), name=name))
    isolated = [text_of(element) for element in page.one("h1").iter("bdi")]
    assert isolated[0] == " ".join(name.split())
    host = next(element for element in page.root.iter("strong") if element.get("dir") == "ltr")
    assert text_of(host) == "client.example"
    assert "<b>bold" not in page.content


def test_the_page_cannot_be_framed_or_kept_and_its_form_may_lead_to_the_client(
    visitor: Browser, web: Application
) -> None:
    answer = ask(visitor, web).answer
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "form-action" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


def test_switch_account_signs_out_and_asks_the_same_again(
    visitor: Browser, web: Application, administrator: User
) -> None:
    switched = visitor.send(ask(visitor, web, state="x"), reverse("oauth2_provider:switch-account"))
    page = visitor.follow(switched)
    assert page.heading == "Sign in"
    assert web.client_id in fields_of(page.form(reverse("account_login")))["next"]


def test_a_stranger_signs_in_first_and_then_sees_the_same_request(
    client: Client, web: Application, member: User
) -> None:
    browser = Browser(client)
    page = browser.follow(ask(browser, web, state="s p%2Fä"))
    assert page.heading == "Sign in"
    assert "form-action" not in page.answer["Content-Security-Policy"]
    consent = browser.follow(
        browser.send(page, reverse("account_login"), login="bob", password="correct horse battery staple")
    )
    assert "Allow application Field app" in consent.heading


def test_the_organization_is_not_needed_to_read_the_page(visitor: Browser, web: Application) -> None:
    Organization.objects.update(name='"><script>')
    assert ask(visitor, web).status == 200
