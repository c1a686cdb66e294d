"""The consent page as administrators preview it: the same, and inert."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from oauthapps.models import Consent, Grant
from tests.console.conftest import browser_of
from tests.console.pages import Browser, text_of
from tests.factories import AdministratorFactory
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def console() -> Browser:
    return browser_of(AdministratorFactory.create())


def address_of(client_id: str) -> str:
    return reverse("oauth2_provider:consent-preview", args=[client_id])


@pytest.mark.spec("U-148", "the console")
def test_the_preview_says_what_the_page_says(console: Browser, web: OAuthClient, visitor: Client) -> None:
    preview = console.get(address_of(web.client_id))
    page = Browser(visitor).get(
        reverse("oauth2_provider:authorize"), **web.authorization_parameters(state="x")
    )
    for line in page.all("li"):
        assert text_of(line) in preview.text
    assert application_of(web).name in preview.heading
    assert "alex" in preview.heading
    assert "Preview" in preview.text
    assert "Retrieve content and information" in preview.text


@pytest.mark.spec("U-148", "the console")
def test_nothing_on_the_preview_grants_anything(console: Browser, web: OAuthClient) -> None:
    count = Event.objects.count()
    with CaptureQueriesContext(connection) as queries:
        page = console.get(address_of(web.client_id))
    assert [form for form in page.posted_forms() if "authorize" in form.get("action", "")] == []
    assert "authorization_request" not in page.content
    for button in page.all("button"):
        if text_of(button) in {"Allow access", "Cancel"}:
            assert button.get("disabled") is not None
    written = [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "DELETE"))]
    assert written == []
    assert (Event.objects.count(), Consent.objects.count(), Grant.objects.count()) == (count, 0, 0)
    assert console.client.post(address_of(web.client_id)).status_code == 405


@pytest.mark.spec("U-148", "the console")
def test_scopes_can_be_chosen_among_those_that_it_may_ask_for(console: Browser, web: OAuthClient) -> None:
    page = console.get(address_of(web.client_id), scope="read")
    assert "It can't create, edit, or delete anything" in page.text
    page = console.get(address_of(web.client_id), scope="nothing")
    assert "Retrieve content and information" in page.text


@pytest.mark.spec("U-148", "the console")
def test_only_administrators_preview_and_only_what_has_such_a_page(
    console: Browser, web: OAuthClient, machine: Machine, person: User
) -> None:
    assert console.get(address_of(machine.client.client_id)).status == 404
    assert browser_of(person).get(address_of(web.client_id)).status == 403
    assert Client().get(address_of(web.client_id)).status_code == 302
