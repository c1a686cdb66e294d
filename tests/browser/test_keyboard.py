"""The main job without a mouse, with JavaScript and without: create, copy, configure, consent, revoke."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from oauthapps.models import Application, Consent, Logo
from tests.browser.conftest import Callback
from tests.browser.keyboard import Keyboard
from tests.factories import PASSWORD, AdministratorFactory
from tests.rules.images import encoded, picture

pytestmark = pytest.mark.browser


@pytest.fixture
def page_of_ada(transactional_db: None, page: Page, live_server: LiveServer) -> Page:
    AdministratorFactory.create(username="ada")
    page.goto(live_server.url)
    return page


def walk(page: Page, live_server: LiveServer, callback: Callback, logo: Path) -> None:
    keyboard = Keyboard(page)
    sign_in(keyboard)
    application = create(keyboard)
    configure(keyboard, application, callback, logo)
    consent(keyboard, application, callback, live_server)
    revoke(keyboard, live_server)


def sign_in(keyboard: Keyboard) -> None:
    keyboard.fill("Username or email address", "ada")
    keyboard.fill("Password", PASSWORD)
    with keyboard.page.expect_navigation():
        keyboard.page.keyboard.press("Enter")
    expect(keyboard.page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()


def create(keyboard: Keyboard) -> Application:
    page = keyboard.page
    keyboard.go_to("Create app integration")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New OAuth2 application")).to_be_visible()
    keyboard.go_to("", "radio", exactly=False)
    page.keyboard.press("Space")
    while not page.get_by_role("radio", name="Web Application", exact=False).last.is_checked():
        page.keyboard.press("ArrowDown")
    keyboard.fill("Name", "Field app")
    keyboard.press("Create", kind="submit")
    secret = page.get_by_label("Client secret", exact=True).input_value()
    copy(keyboard, secret)
    keyboard.tick("I've saved it")
    keyboard.press("Done")
    assert secret not in page.content()
    application: Application = Application.objects.get(name="Field app")
    return application


def copy(keyboard: Keyboard, secret: str) -> None:
    """Copy the secret: by the button where there is one, else by Ctrl+A and Ctrl+C in its field."""
    page = keyboard.page
    if page.get_by_role("button", name="Copy Client secret").is_visible():
        keyboard.go_to("Copy Client secret", "button")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
        assert page.evaluate("navigator.clipboard.readText()") == secret
    else:
        keyboard.go_to("Client secret")
        page.keyboard.press("Control+a")
        assert page.evaluate("getSelection().toString()") == secret
        page.keyboard.press("Control+c")


def configure(keyboard: Keyboard, application: Application, callback: Callback, logo: Path) -> None:
    page = keyboard.page
    keyboard.fill("Redirect URL 1", callback.url)
    keyboard.choose_next("Absolute refresh token expiration")
    with page.expect_file_chooser() as chooser:
        # Asking where the focus is also waits until Chromium knows that Playwright wants the chooser: a key
        # takes another way into the page and may overtake that.
        keyboard.go_to("Logo", "file")
        page.keyboard.press("Space")
    chooser.value.set_files(logo)
    keyboard.press("Save", kind="submit")
    expect(page.get_by_text("Saved: ")).to_be_visible()
    before = application.absolute_expiration
    application.refresh_from_db()
    assert application.absolute_expiration != before
    assert application.redirect_urls.get().url == callback.url
    assert Logo.objects.filter(application=application).exists()


def consent(
    keyboard: Keyboard, application: Application, callback: Callback, live_server: LiveServer
) -> None:
    request = {"client_id": application.client_id, "redirect_uri": callback.url, "response_type": "code"}
    keyboard.page.goto(f"{live_server.url}/integrations/oauth2/authorize?{urlencode(request)}")
    keyboard.press("Allow access", "Space")
    expect(keyboard.page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    assert "code" in callback.received.pop()
    assert Consent.objects.get(application=application).withdrawn_at is None


def revoke(keyboard: Keyboard, live_server: LiveServer) -> None:
    keyboard.page.goto(f"{live_server.url}/connected/")
    keyboard.press("Revoke access Field app")
    keyboard.press("Revoke access", kind="submit")
    assert Consent.objects.get().withdrawn_at is not None


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    file = tmp_path / "logo.png"
    file.write_bytes(encoded(picture()))
    return file


def test_the_main_job_is_done_by_keyboard_alone(
    page_of_ada: Page, live_server: LiveServer, callback: Callback, logo: Path
) -> None:
    page_of_ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walk(page_of_ada, live_server, callback, logo)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_and_without_javascript(
    page_of_ada: Page, live_server: LiveServer, callback: Callback, logo: Path
) -> None:
    walk(page_of_ada, live_server, callback, logo)
