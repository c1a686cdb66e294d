"""What only a real browser shows: what the sign-in and consent pages let through, and what they block."""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browser.conftest import Callback
from tests.browser.steps import sign_in
from tests.infrastructure.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.story]


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser writes into its console: above all, what a policy has blocked."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def authorize(installation: Installation, callback: Callback) -> str:
    return request_of(installation, callback, "Browser client")


def request_of(installation: Installation, callback: Callback, name: str) -> str:
    """The address of a valid authorization request of a new application."""
    arguments = ("--type", "web", "--name", name, "--redirect-url", callback.url, "--json")
    created = installation.manage("create_application", *arguments)
    assert created.returncode == 0, created.stderr
    client_id = json.loads(created.stdout)["client_id"]
    request = {"client_id": client_id, "redirect_uri": callback.url, "response_type": "code", "state": "s"}
    return f"{installation.base_url}/integrations/oauth2/authorize?{urlencode(request)}"


def show_elsewhere(page: Page, callback: Callback, content: str) -> None:
    """Open a page of the client's server, which is another site, with this content."""
    page.goto(callback.url.replace("/callback", "/start"))
    page.evaluate("content => { document.body.innerHTML = content }", content)


@pytest.mark.spec("W-13", "CSP 3 §6.4.2")
@pytest.mark.spec("W-03", "ASVS 3.3.2, 3.3.4")
def test_either_button_reaches_a_client_elsewhere_that_redirects_once_more(
    page: Page, authorize: str, callback: Callback, complaints: list[str]
) -> None:
    brought: list[Request] = []
    page.on("request", lambda request: brought.append(request) if "/callback?" in request.url else None)
    page.goto(authorize)
    sign_in(page)
    for button, member in (("Allow access", "code"), ("Cancel", "error")):
        page.goto(authorize)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
        assert member in callback.received.pop()
    assert complaints == []
    assert [request.method for request in brought] == ["GET", "GET"]
    assert not [request for request in brought if "referer" in request.all_headers()]
    cookies = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("gatehouse")]
    assert {cookie["httpOnly"] for cookie in cookies} == {True}
    strict = {"gatehouse_passkey"}  # nobody arrives with a challenge from elsewhere
    assert {cookie["sameSite"] for cookie in cookies if cookie["name"] not in strict} == {"Lax"}


@pytest.mark.spec("W-01", "RFC 6749 §3.1")
@pytest.mark.spec("W-03", "ASVS 3.3.2")
def test_whoever_is_signed_in_arrives_signed_in_from_the_client(
    page: Page, authorize: str, callback: Callback
) -> None:
    """Strict cookies would ask for the password again."""
    page.goto(authorize)
    sign_in(page)
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    show_elsewhere(page, callback, f'<a href="{authorize.replace("&", "&amp;")}">Sign in with Gatehouse</a>')
    page.get_by_role("link", name="Sign in with Gatehouse").click()
    expect(page.get_by_role("button", name="Allow access")).to_be_visible()


@pytest.mark.spec("W-02", "RFC 9700 §4.16; ASVS 3.4.6")
@pytest.mark.spec("W-11", "RFC 9700 §4.16; ASVS 3.4.6")
def test_nobody_frames_the_pages_not_even_a_neighbor_who_gets_our_cookies(
    page: Page, authorize: str, callback: Callback
) -> None:
    callback.url = callback.url.replace("127.0.0.1", "localhost")  # another port: the same site
    start = callback.url.replace("/callback", "/start")
    show_elsewhere(page, callback, f'<iframe src="{start}"></iframe>')
    expect(
        page.frame_locator("iframe").get_by_role("heading", name="Signed in at the client")
    ).to_be_visible()

    def frame_it() -> str:
        """Frame what the address leads to and return the path of what was refused."""
        frame = f'<iframe src="{authorize.replace("&", "&amp;")}"></iframe>'
        reason = page.expect_console_message(lambda message: "frame-ancestors 'none'" in message.text)
        # A style sheet that was still on its way when the page was left fails as well: it is not meant.
        document = page.expect_event("requestfailed", lambda request: request.is_navigation_request())
        with document as refused, reason:
            show_elsewhere(page, callback, frame)
        return str(urlsplit(refused.value.url).path)

    assert frame_it() == "/accounts/login/"
    page.goto(authorize)
    sign_in(page)
    expect(page.get_by_role("button", name="Allow access")).to_be_visible()
    assert frame_it() == "/integrations/oauth2/authorize"


@pytest.mark.spec("W-14", "RFC 6749 §10.12")
def test_no_other_site_decides(
    page: Page, installation: Installation, authorize: str, callback: Callback
) -> None:
    page.goto(authorize)
    sign_in(page)
    expect(page.get_by_role("button", name="Allow access")).to_be_visible()
    form = page.locator(".consent-decision")
    fields: dict[str, Any] = {
        name: form.locator(f"[name={name}]").input_value()
        for name in ("csrfmiddlewaretoken", "authorization_request")
    }
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    target = f"{installation.base_url}/integrations/oauth2/authorize"
    show_elsewhere(
        page,
        callback,
        f'<form method="post" action="{target}">{inputs}'
        '<button name="decision" value="allow">Win a prize</button></form>',
    )
    with page.expect_response(target) as answer:
        page.get_by_role("button", name="Win a prize").click()
    assert answer.value.status == 403
    assert callback.received == []
    page.goto(authorize)  # while the same decision on our own page counts
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    assert "code" in callback.received.pop()


@pytest.mark.spec("W-19", "ASVS 10.7.2; RFC 8252 §8.6")
@pytest.mark.parametrize(
    "name", ["W" * 100, "\u202emoc.knab \u2066Adobe", "You will be sent to bank.example"]
)
def test_no_name_pushes_the_host_out_of_sight_or_turns_it_around(
    page: Page, installation: Installation, callback: Callback, name: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    address = request_of(installation, callback, "Browser client")
    rename = "from oauthapps.models import Application as A; A.objects.filter(pk=A.objects.latest('pk').pk)"
    renamed = installation.manage("shell", "-c", f"{rename}.update(name={name!a})")  # past every form
    assert renamed.returncode == 0, renamed.stderr
    page.goto(address)
    sign_in(page)
    host = page.locator(".consent-host strong")
    expect(host).to_have_text("127.0.0.1")
    expect(host).to_be_visible()
    box = host.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    host.click(trial=True)  # nothing lies over it
    isolation = "element => getComputedStyle(element).unicodeBidi"
    for part in page.locator("bdi").all():
        assert part.evaluate(isolation) == "isolate"
