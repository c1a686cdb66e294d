"""Tokens on an application's page: how long its access tokens work, and whether it must use PKCE."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.apis import create_api
from tests.console.conftest import save
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import make_application
from tests.oauth_client import AUTHORIZE, OAuthClient
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> OAuthClient:
    created = make_application(AppType.WEB)
    return OAuthClient(created.application.client_id, created.client_secret)


def offered(page: Page) -> list[str]:
    return [text_of(option) for option in page.field("access_token_seconds").iter("option")]


@pytest.mark.spec("Y-83", "the console")
def test_an_access_token_lives_as_the_api_says_or_shorter(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    page = console.get(app.get_absolute_url())
    assert offered(page) == ["Same as the API", "5 minutes", "10 minutes", "15 minutes", "30 minutes"]
    assert client.get_tokens(bob)["expires_in"] == 3600
    assert (
        "Saved: Access token lifetime"
        in console.follow(save(console, app, access_token_seconds="600")).messages
    )
    assert client.get_tokens(bob)["expires_in"] == 600
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).get()
    assert event.before == {"Access token lifetime": "Same as the API"}
    assert event.after == {"Access token lifetime": "10 minutes"}
    save(console, app, access_token_seconds="")
    assert client.get_tokens(bob)["expires_in"] == 3600


@pytest.mark.spec("Y-83", "the console")
@pytest.mark.parametrize("value", ["0", "-1", "299", "3600", "x", "86400"])
def test_another_one_is_refused(console: Browser, app: Application, value: str) -> None:
    assert save(console, app, access_token_seconds=value).status == 422
    app.refresh_from_db()
    assert app.access_token_seconds is None


@pytest.mark.spec("Y-83", "the console")
def test_more_is_offered_where_an_api_allows_more_and_what_is_stored_always(
    console: Browser, app: Application
) -> None:
    create_api(
        name="Slow", identifier="urn:slow", actor=Actor.command("tests"), fields={"token_seconds": 14400}
    )
    Application.objects.filter(pk=app.pk).update(access_token_seconds=777)
    page = console.get(app.get_absolute_url())
    assert offered(page)[-3:] == ["30 minutes", "1 hour", "2 hours"]
    assert fields_of(page.form())["access_token_seconds"] == "777"
    assert "No changes to save" in console.follow(console.send(page)).messages


@pytest.mark.spec("Y-84", "RFC 9700 §2.1.1")
def test_a_web_application_may_be_made_to_use_pkce(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    page = console.get(app.get_absolute_url())
    assert page.field("requires_pkce").get("checked") is None
    assert "Recommended" in text_of(page.by_id("id_requires_pkce_helptext"))
    console.send(page, requires_pkce="on")
    answer = bob.get(AUTHORIZE, client.authorization_parameters())
    assert "error=invalid_request" in answer["Location"]
    use = console.get(reverse("console:application-use", args=[app.client_id]))
    assert "code_challenge=CHALLENGE" in use.text
    assert "code_verifier" in use.text
    assert f'-u "{app.client_id}:$CLIENT_SECRET"' in use.text
    client.pkce = True
    assert client.get_tokens(bob)["expires_in"] == 3600


@pytest.mark.spec("Y-84", "RFC 9700 §2.1.1")
def test_other_types_are_not_asked(console: Browser, single_page: Application, machine: Application) -> None:
    for application in (single_page, machine):
        assert "requires_pkce" not in console.get(application.get_absolute_url()).content


@pytest.mark.spec("Y-82", "ASVS 7.5.3")
@pytest.mark.parametrize(
    ("stored", "changes", "asks"),
    [
        ({"requires_pkce": True}, {"requires_pkce": None}, True),
        ({"requires_pkce": False}, {"requires_pkce": "on"}, False),
        ({"access_token_seconds": 600}, {"access_token_seconds": "900"}, True),
        ({"access_token_seconds": 600}, {"access_token_seconds": ""}, True),
        ({"access_token_seconds": 600}, {"access_token_seconds": "300"}, False),
        ({"access_token_seconds": None}, {"access_token_seconds": "300"}, False),
        ({}, {"owner": "ada", "first_contact": "ops@example.com"}, False),
    ],
)
def test_what_widens_access_asks_for_a_sign_in(
    console: Browser, app: Application, stored: dict[str, Any], changes: dict[str, Any], asks: bool
) -> None:
    Application.objects.filter(pk=app.pk).update(**stored)
    page = console.get(app.get_absolute_url())
    age_sign_in(console, minutes=31)
    location = console.send(page, **changes).answer["Location"]
    assert location.startswith("/accounts/reauthenticate/") is asks
    assert Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).exists() is not asks
