"""A client opens Gatehouse in a popup and waits for its message, as oidc-client-ts and Swagger UI do."""

import contextlib
from urllib.parse import urlencode

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import Callback
from tests.browser.steps import add_passkey, authenticator_of, remove_passkey, sign_in
from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import AUTHORIZE
from tests.stories.conftest import manage

pytestmark = [pytest.mark.browser, pytest.mark.story]

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# The client's page: it opens the popup at a press, and takes what its own callback page says from there.
OPENER = """address => {
    document.body.innerHTML = '<button>Sign in</button><output></output>'
    const said = document.querySelector('output')
    addEventListener('message', event => { said.textContent = `${event.origin} ${event.data}` })
    document.querySelector('button').onclick = () => { window.popup = open(address, 'popup', 'popup') }
}"""
# The client's callback page.
TELL = "opener.postMessage('signed in', location.origin)"


@pytest.fixture(scope="module")
def client_id(installation: Installation) -> str:
    """One client for all popups, at whatever port its callback page is."""
    arguments = ("--type", "web", "--name", "Popup client", "--redirect-url", "http://127.0.0.1/callback")
    return str(manage(installation, "create_application", *arguments)["client_id"])


@pytest.fixture
def address(installation: Installation, client_id: str, callback: Callback) -> str:
    """An authorization request of the client's."""
    request = {"client_id": client_id, "redirect_uri": callback.url, "response_type": "code", "state": "s"}
    return f"{installation.base_url}{AUTHORIZE}?{urlencode(request)}"


@pytest.fixture
def popup(page: Page, address: str, callback: Callback) -> Page:
    return open_popup(page, address, callback)


def open_popup(page: Page, address: str, callback: Callback) -> Page:
    """The popup of a client on another origin, at the sign-in page."""
    page.goto(callback.url.replace("/callback", "/start"))
    page.evaluate(OPENER, address)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in").click()
    expect(opened.value.get_by_role("heading", name="Sign in")).to_be_visible()
    return opened.value


def is_held(page: Page, popup: Page) -> bool:
    """Whether the client and its popup still have hold of each other."""
    return bool(popup.evaluate("opener !== null")) and not page.evaluate("popup.closed")


def decide(page: Page, popup: Page, callback: Callback, button: str = "Allow access") -> None:
    """Decide on the consent page; the client's callback page tells the window that opened it."""
    expect(popup.get_by_role("button", name="Allow access")).to_be_visible()
    assert is_held(page, popup)
    popup.get_by_role("button", name=button).click()
    expect(popup.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    popup.evaluate(TELL)
    origin = callback.url.removesuffix("/callback")
    expect(page.locator("output")).to_have_text(f"{origin} signed in")


@pytest.mark.spec("W-56", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("button", ["Allow access", "Cancel"])
def test_a_popup_reports_to_the_client_that_opened_it(
    page: Page, popup: Page, callback: Callback, button: str
) -> None:
    assert is_held(page, popup)
    popup.locator("[name=login]").fill("nobody")
    popup.locator("[name=password]").fill("wrong")
    popup.get_by_role("button", name="Sign in").click()
    expect(popup.get_by_role("alert")).to_be_visible()
    assert is_held(page, popup)
    sign_in(popup)
    decide(page, popup, callback, button)
    assert ("code" if button == "Allow access" else "error") in callback.received.pop()


@pytest.mark.spec("W-56", "HTML: cross-origin opener policies")
def test_so_does_one_that_asks_for_a_second_factor(
    page: Page, popup: Page, installation: Installation, callback: Callback
) -> None:
    program = (
        "from accounts.models import User; from allauth.mfa.totp.internal.auth import TOTP; "
        "person = User(username='popup', email='popup@example.org', name='Popup'); "
        f"person.set_password({ADMIN['ADMIN_PASSWORD']!r}); person.save(); TOTP.activate(person, {SECRET!r})"
    )
    made = installation.manage("shell", "--no-imports", "-c", program)
    assert made.returncode == 0, made.stderr
    popup.locator("[name=login]").fill("popup")
    popup.locator("[name=password]").fill(ADMIN["ADMIN_PASSWORD"])
    popup.get_by_role("button", name="Sign in").click()
    expect(popup.locator("[name=code]")).to_be_visible()
    assert is_held(page, popup)
    popup.locator("[name=code]").fill("000000")
    popup.get_by_role("button", name="Sign in").click()
    expect(popup.get_by_text("Incorrect code").first).to_be_visible()
    assert is_held(page, popup)
    code = format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))
    popup.locator("[name=code]").fill(str(code))
    popup.get_by_role("button", name="Sign in").click()
    decide(page, popup, callback)
    assert "code" in callback.received.pop()


@pytest.mark.spec("W-56", "HTML: cross-origin opener policies")
def test_so_does_one_that_asks_for_a_passkey(
    page: Page, installation: Installation, address: str, callback: Callback
) -> None:
    devtools, name = authenticator_of(page)
    add_passkey(page, installation)
    kept = devtools.send("WebAuthn.getCredentials", {"authenticatorId": name})["credentials"]
    # Or it would answer the sign-in page that follows, unasked.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": name})
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    popup = open_popup(page, address, callback)
    devtools, name = authenticator_of(popup)  # each window has its own
    for credential in kept:
        devtools.send("WebAuthn.addCredential", {"authenticatorId": name, "credential": credential})
    with contextlib.suppress(Error):  # a slow page asks only now, and leads on by itself
        popup.reload()
    decide(page, popup, callback)
    assert "code" in callback.received.pop()
    remove_passkey(page, installation)
