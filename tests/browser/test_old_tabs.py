"""What a browser sends from an old tab, and what scripts do there; accounts/test_old_tabs.py has the rest."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from tests.browser.conftest import Callback
from tests.factories import PASSWORD, AdministratorFactory, make_application

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(transactional_db: None) -> User:
    person: User = AdministratorFactory.create(username="ada", name="Ada Lovelace")
    return person


@pytest.fixture
def web(ada: User, callback: Callback) -> Application:
    return make_application(AppType.WEB, name="Field app", redirect_urls=[callback.url]).application


@pytest.fixture
def context(
    browser: Browser, django_db_setup: None, live_server: LiveServer, transactional_db: None
) -> Iterator[BrowserContext]:
    assert not live_server.thread.connections_override  # it would share this thread's connection
    context = browser.new_context(base_url=live_server.url)
    yield context
    context.close()


def sign_in(page: Page, person: User) -> None:
    """Fill in the sign-in page that is shown."""
    page.get_by_label("Username or email address").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


def end_session(context: BrowserContext, way: str = "row") -> None:
    if way == "row":
        Session.objects.all().delete()
    else:
        context.clear_cookies()


def sign_in_elsewhere(context: BrowserContext, person: User, way: str = "row") -> None:
    """Let the session end, and sign in again in another tab."""
    end_session(context, way)
    other = opened(context, "/accounts/login/")
    sign_in(other, person)
    expect(other.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()


def tab(context: BrowserContext, person: User, path: str) -> Page:
    """A tab at a page, of somebody who is signed in."""
    page = opened(context, "/accounts/login/")
    sign_in(page, person)
    page.wait_for_url("**/console/applications/")
    page.goto(path)
    return page


def authorization(web: Application, callback: Callback) -> str:
    query = {"client_id": web.client_id, "redirect_uri": callback.url, "response_type": "code", "state": "s"}
    return f"/integrations/oauth2/authorize?{urlencode(query)}"


WAYS = pytest.mark.parametrize("way", ["row", "cookies"])


@pytest.mark.spec("W-58", "the product's pages")
@WAYS
def test_ended_session_disable(context: BrowserContext, ada: User, web: Application, way: str) -> None:
    page = tab(context, ada, web.get_absolute_url())
    end_session(context, way)
    disable(page)
    sign_in_when_asked(page, ada, web)
    expect(page.get_by_role("heading", name="Field app")).to_be_visible()
    web.refresh_from_db()
    assert web.disabled_at is None
    disable(page)
    expect(page.get_by_text("Disabled: Field app")).to_be_visible()


def disable(page: Page) -> None:
    page.get_by_text("Actions for Field app").click()
    page.get_by_role("button", name="Disable").click()


def sign_in_when_asked(page: Page, person: User, web: Application) -> None:
    """Sign in on the page that asks for it, or on the one that its Try again leads to."""
    page.wait_for_load_state()
    if page.get_by_role("link", name="Try again").count():
        expect(page.get_by_role("heading", name="Your browser didn't send cookies")).to_be_visible()
        page.get_by_role("link", name="Try again").click()
    sign_in(page, person)


@pytest.mark.spec("W-58", "the product's pages")
def test_ended_session_allow(
    context: BrowserContext, ada: User, web: Application, callback: Callback
) -> None:
    page = tab(context, ada, authorization(web, callback))
    end_session(context)
    page.get_by_role("button", name="Allow access").click()
    sign_in(page, ada)
    expect(page.get_by_role("button", name="Allow access")).to_be_visible()
    assert callback.received == []
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    assert callback.received.pop()["state"] == "s"


@pytest.mark.spec("W-61", "the product's forms")
def test_ended_session_typed_settings_return_whole(
    context: BrowserContext, ada: User, web: Application
) -> None:
    page = tab(context, ada, web.get_absolute_url())
    page.get_by_label("Description", exact=True).fill("Two\nlines")
    page.get_by_label("Developer name").fill("Ann")
    end_session(context)
    page.get_by_role("button", name="Save", exact=True).click()
    sign_in(page, ada)
    page.get_by_role("button", name="Submit now").click()
    expect(page.get_by_text(re.compile("Saved: .*Description"))).to_be_visible()
    web.refresh_from_db()
    assert (web.description, web.developer_name) == ("Two\nlines", "Ann")
    assert web.rotate_refresh_tokens


@pytest.mark.spec("W-59", "the product's pages")
def test_two_tabs_use_a_passkey_after_signing_in_elsewhere(context: BrowserContext, ada: User) -> None:
    second = opened(context, "/accounts/login/?next=/organization/")
    first = opened(context, "/accounts/login/")
    sign_in(first, ada)
    expect(first.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()
    second.get_by_role("button", name="Use a passkey").click()
    expect(second.get_by_role("heading", name="Organization")).to_be_visible()


@pytest.mark.spec("W-59", "the product's pages")
@WAYS
def test_two_tabs_a_form_typed_before_signing_in_elsewhere(
    context: BrowserContext, ada: User, web: Application, way: str
) -> None:
    page = tab(context, ada, web.get_absolute_url())
    page.get_by_label("Developer name").fill("Ann")
    sign_in_elsewhere(context, ada, way)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Your changes were kept")).to_be_visible()
    page.get_by_role("button", name="Submit now").click()
    expect(page.get_by_text("Saved: Developer name")).to_be_visible()
    web.refresh_from_db()
    assert web.rotate_refresh_tokens


@pytest.mark.spec("W-60", "the product's pages")
def test_ended_session_dark_and_sign_out(context: BrowserContext, ada: User) -> None:
    page = tab(context, ada, "/organization/")
    end_session(context)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
