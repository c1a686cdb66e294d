"""No button stays dead: after Back, where no application opened, where a request was stopped or got lost."""

import time
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Dialog, Locator, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from oauthapps.models import Application, ClientSecret, Grant
from oauthapps.rules.app_types import AppType
from tests.browser.conftest import Callback
from tests.factories import AdministratorFactory, make_application
from tests.oauth_client import OAuthClient
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.browser

SCHEME = "com.example.field:/callback"


@pytest.fixture
def page(transactional_db: None, page: Page, live_server: LiveServer) -> Page:
    """A page of somebody who is signed in."""
    person = Client()
    sign_in_now(person, AdministratorFactory.create(username="ada"))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": person.cookies[name].value, "url": live_server.url}])
    return page


class LostLine:
    """Forms that are sent get lost: no answer comes until the line is repaired."""

    def __init__(self, page: Page) -> None:
        self.page, self.lost = page, 0
        page.route("**/*", self.lose)

    def lose(self, route: Route) -> None:
        if route.request.method == "POST":
            self.lost += 1
        else:
            route.continue_()

    def wait_for(self, lost: int) -> None:
        deadline = time.monotonic() + 10
        while self.lost < lost:
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(50)

    def stop(self) -> None:
        """Press the browser's Stop."""
        self.page.context.new_cdp_session(self.page).send("Page.stopLoading")

    def repair(self) -> None:
        self.page.unroute("**/*")


def ask(page: Page, live_server: LiveServer, redirect_url: str) -> None:
    """Show the consent page of a single page application."""
    created = make_application(AppType.SINGLE_PAGE, redirect_urls=[redirect_url])
    client = OAuthClient(created.application.client_id, redirect_uri=redirect_url, pkce=True)
    query = urlencode(client.authorization_parameters())
    page.goto(f"{live_server.url}/integrations/oauth2/authorize?{query}")


def sent_by(page: Page) -> list[Request]:
    """The forms that a page sends, as far as it has."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    return sent


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).last


@pytest.mark.spec("W-63", "RFC 8252 §7.1")
def test_allow_may_be_pressed_again_when_no_application_opens(page: Page, live_server: LiveServer) -> None:
    ask(page, live_server, SCHEME)
    sent = sent_by(page)
    note = page.get_by_role("status").filter(has_text="Sending you to com.example.field.")
    for times in (1, 2):
        # Chromium's own question lies over the page and takes the mouse.
        button(page, "Allow access").dispatch_event("click")
        expect(note).to_contain_text("If nothing opens, click the button again")
        assert len(sent) == times
    answers = [request.response() for request in sent]
    places = {answer.header_value("location") for answer in answers if answer}
    assert len(places) == 1
    assert str(places.pop()).startswith(f"{SCHEME}?code=")
    assert Grant.objects.count() == 1
    button(page, "Cancel").dispatch_event("click")
    expect(note).to_be_visible()
    assert "error=access_denied" in str(sent[2].response().header_value("location"))  # type: ignore[union-attr]


@pytest.mark.spec("W-63", "RFC 8252 §7.1")
@pytest.mark.parametrize(("name", "member"), [("Allow access", "code"), ("Cancel", "error")])
def test_after_back_the_decision_can_be_made_again(
    page: Page, live_server: LiveServer, callback: Callback, name: str, member: str
) -> None:
    ask(page, live_server, callback.url)
    for _ in range(2):
        button(page, name).click()
        expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
        assert member in callback.received.pop()
        page.go_back()
        expect(page.get_by_role("heading", name="Allow application")).to_be_visible()


@pytest.fixture
def application(page: Page, live_server: LiveServer) -> Application:
    application = make_application(AppType.WEB, name="Edited here").application
    page.goto(live_server.url + application.get_absolute_url())
    return application


@pytest.mark.spec("W-64", "WCAG 2.2 §4.1.3")
def test_a_stopped_save_is_said_and_guarded_and_can_be_sent_again(
    page: Page, application: Application
) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Description", exact=True).fill("Typed")
    line = LostLine(page)
    button(page, "Save").click(no_wait_after=True)
    line.wait_for(1)
    line.stop()
    expect(page.locator("form[data-guard] [data-note]")).to_contain_text("Stopped before the server answered")
    expect(page.get_by_text("Changes are not saved yet.")).to_be_visible()
    assert asked == []
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    page.get_by_label("Description", exact=True).click()  # nobody has left
    assert asked == ["beforeunload"]
    line.repair()
    button(page, "Save").click()
    expect(page.get_by_text("Saved: Description")).to_be_visible()
    application.refresh_from_db()
    assert application.description == "Typed"


@pytest.mark.spec("W-64", "WCAG 2.2 §4.1.3")
@pytest.mark.parametrize("tells", [True, False], ids=["Navigation API", "without"])
def test_without_an_answer_a_button_can_be_pressed_again_after_five_seconds(
    page: Page, live_server: LiveServer, application: Application, tells: bool
) -> None:
    if not tells:
        page.add_init_script("delete window.navigation")
        page.reload()
    line = LostLine(page)
    add = button(page, "Add client secret")
    add.scroll_into_view_if_needed()
    box = add.bounding_box()
    assert box is not None
    add.dblclick(no_wait_after=True)
    line.wait_for(1)
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*middle)  # a locator would wait for the answer
    page.wait_for_timeout(5500)
    assert line.lost == 1
    page.mouse.click(*middle)
    line.wait_for(2)
    page.wait_for_timeout(300)
    assert line.lost == 2
    page.wait_for_timeout(5500)
    line.stop()
    said = "Stopped before the server answered" if tells else "No response yet."
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
    line.repair()
    add.click()
    expect(page.get_by_label("Client secret", exact=True)).to_be_visible()
    assert ClientSecret.objects.count() == 2
