"""An organization's own API in a real browser: from its scopes to a token that it accepts, and to its end."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Callback
from tests.browser.keyboard import Keyboard
from tests.browser.outside import Outside
from tests.browser.steps import picture, sign_in
from tests.infrastructure.installation import Installation
from tests.oauth_client import OAuthClient
from tests.stories.conftest import manage

pytestmark = [pytest.mark.browser, pytest.mark.story]

BILLING, PAYMENTS = "https://billing.example.com", "https://payments.example.com"
PASSWORD = "a password of her own"
DAY_SECONDS = 86400


@pytest.fixture
def administrator(page: Page, installation: Installation) -> Iterator[Page]:
    """The browser of an administrator, in which nothing goes wrong."""
    yield from watched(page, installation)


@pytest.fixture
def grace(browser: Browser, installation: Installation) -> Iterator[Page]:
    """The browser of somebody else, in which nothing goes wrong."""
    context = browser.new_context()
    yield from watched(context.new_page(), installation)
    context.close()


def watched(page: Page, installation: Installation) -> Iterator[Page]:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(installation.base_url)
    yield page
    assert complaints == []


def test_an_administrator_allows_one_scope_of_an_api_to_an_application_and_revokes_a_persons_access(
    administrator: Page, grace: Page, installation: Installation, callback: Callback
) -> None:
    sign_in(administrator)
    service = create_application(administrator, "Machine to Machine Application", "Billing service")
    create_api(administrator, verified_by="Billing service")
    reader = create_application(administrator, "Single Page Web Application", "Invoice reader")
    allow_scope(administrator, callback)
    join(administrator, grace)
    reader.redirect_uri = callback.url
    outside = Outside(installation.base_url, reader, callback, BILLING)

    tokens = outside.exchange(allow(grace, outside)["code"]).json()
    assert tokens["scope"] == "billing:read offline_access"
    told = outside.introspect(tokens["access_token"], by=service)
    assert (told["scope"], told["aud"], told["username"]) == ("billing:read", [BILLING], "grace")
    assert outside.verify(tokens["access_token"], "billing:read").status_code == 200
    other_scope = outside.verify(tokens["access_token"], "billing:pay")
    assert other_scope.status_code == 403
    assert 'error="insufficient_scope", scope="billing:pay"' in other_scope.headers["WWW-Authenticate"]

    grace.goto(outside.authorization_url("billing:read billing:pay"))
    refused = outside.received(grace)
    assert refused["error"] == "invalid_scope"
    assert "The scope billing:pay is not available." in refused["error_description"]

    grace.goto(outside.authorization_url("billing:read offline_access"))
    expect(grace.get_by_text("You last allowed access")).to_be_visible()
    refreshed = outside.refresh(tokens["refresh_token"]).json()
    revoke(administrator, "Grace Hopper")
    assert outside.verify(refreshed["access_token"], "billing:read").status_code == 401
    assert outside.introspect(refreshed["access_token"], by=service) == {"active": False}
    dead = outside.refresh(refreshed["refresh_token"])
    assert dead.status_code == 400
    assert "an administrator revoked access" in dead.json()["error_description"]
    see_revoked(grace, outside)


def create_application(page: Page, app_type: str, name: str) -> OAuthClient:
    """Create an application, and return what an integration has to know of it."""
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    page.get_by_role("button", name="Create app integration").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(app_type, exact=True).click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create", exact=True).click()
    secret = ""
    if app_type.startswith("Machine"):
        secret = page.get_by_label("Client secret", exact=True).input_value()
        page.get_by_label("I've saved it").check()
        page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    picture(page, f"created-{name}")
    return OAuthClient(page.get_by_label("Client ID").input_value(), secret, pkce=not secret)


def create_api(page: Page, *, verified_by: str) -> None:
    page.get_by_role("link", name="APIs").click()
    page.get_by_role("link", name="Create API").click()
    page.get_by_label("Name", exact=True).first.fill("Billing")
    page.get_by_label("Identifier").fill(BILLING)
    write_scope(page.get_by_role("group", name="Scope 1"), "billing:read", "Read your invoices")
    page.get_by_role("button", name="Add scope").click()
    added = page.get_by_role("group", name="Scope 2")
    expect(added.get_by_label("Name")).to_be_focused()
    write_scope(added, "billing:pay", "Pay your invoices")
    page.get_by_label(verified_by).check()
    picture(page, "new-api")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text("Created: Billing")).to_be_visible()
    picture(page, "api")


def write_scope(row: Locator, name: str, sentence: str) -> None:
    row.get_by_label("Name").fill(name)
    row.get_by_label("Sentence on the consent page").fill(sentence)


def allow_scope(page: Page, callback: Callback) -> None:
    page.get_by_label("Redirect URL 1").fill(callback.url)
    group = page.get_by_role("group", name="Billing")
    expect(group.get_by_role("checkbox")).to_have_count(2)
    group.get_by_label("billing:read").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: API access, Redirect URLs")).to_be_visible()
    expect(group.get_by_label("billing:read")).to_be_checked()
    expect(group.get_by_label("billing:pay")).not_to_be_checked()
    picture(page, "settings")
    page.get_by_role("link", name="Use it").click()
    asked = "&scope=billing%3Aread+offline_access&resource=https%3A%2F%2Fbilling.example.com"
    expect(page.get_by_text(asked, exact=True)).to_be_visible()
    picture(page, "use-it")


def join(page: Page, invited: Page) -> None:
    """Invite somebody, who chooses a password and signs in."""
    page.get_by_role("link", name="People").click()
    page.get_by_role("link", name="Invite person").click()
    page.get_by_label("Name", exact=True).fill("Grace Hopper")
    page.get_by_label("Username").fill("grace")
    page.get_by_label("Email address").fill("grace@example.org")
    page.get_by_role("button", name="Invite", exact=True).click()
    invited.goto(page.get_by_label("Invitation link", exact=True).input_value())
    page.get_by_role("link", name="Done").click()
    invited.get_by_label("New password", exact=True).fill(PASSWORD)
    invited.get_by_label("Confirm new password").fill(PASSWORD)
    invited.get_by_role("button", name="Set password").click()
    sign_in(invited, "grace", PASSWORD)
    expect(invited.get_by_role("heading", name="Connected apps")).to_be_visible()


def allow(page: Page, outside: Outside) -> dict[str, str]:
    """Read what the consent page says, and allow it."""
    page.goto(outside.authorization_url("billing:read offline_access"))
    expect(page.get_by_role("heading", name="Billing", exact=True)).to_be_visible()
    asked = page.get_by_role("listitem").filter(has=page.locator("svg")).first
    expect(asked).to_have_text("Read your invoices")
    expect(page.get_by_text("You last allowed access")).to_have_count(0)
    picture(page, "consent")
    page.get_by_role("button", name="Allow access").click()
    return outside.received(page)


def revoke(page: Page, name: str) -> None:
    """Find a person on the Access page of an application, and revoke that access."""
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    page.get_by_role("link", name="Invoice reader", exact=True).click()
    page.get_by_role("link", name="Access", exact=True).click()
    page.get_by_label("Name, username, or email").fill("grace@")
    page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("billing:read")
    picture(page, "access")
    row.get_by_role("link", name=f"Revoke {name}").click()
    picture(page, "revoke")
    page.get_by_role("button", name="Revoke access").click()
    expect(page.get_by_role("status").filter(has_text="Access revoked")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)
    picture(page, "revoked")


def see_revoked(page: Page, outside: Outside) -> None:
    """Learn on one's own pages that an administrator did it, and be asked as if for the first time."""
    page.goto(f"{outside.base_url}/connected/")
    revoked = page.get_by_role("region", name="Revoked by an administrator")
    expect(revoked.get_by_role("listitem")).to_contain_text("Invoice reader")
    expect(page.get_by_role("heading", name="No connected apps")).to_be_visible()
    picture(page, "connected-revoked")
    tokens = outside.exchange(allow(page, outside)["code"]).json()
    assert outside.verify(tokens["access_token"], "billing:read").status_code == 200


def test_a_person_allows_access_for_30_days_and_then_shortens_it_by_keyboard_alone(
    grace: Page, installation: Installation, callback: Callback
) -> None:
    service = manage(installation, "create_application", "--type", "machine_to_machine", "--name", "Teller")
    verifier = OAuthClient(service["client_id"], service["client_secret"])
    outside = Outside(installation.base_url, payer(installation, callback, verifier), callback, PAYMENTS)
    new = ("create_user", "--username", "hedy", "--email", "hedy@example.org", "--role", "member")
    manage(installation, *new, "--password-stdin", stdin=PASSWORD)

    grace.goto(outside.authorization_url("payments:send offline_access"))
    sign_in(grace, "hedy", PASSWORD)
    expect(grace.get_by_role("heading", name="Payments", exact=True)).to_be_visible()
    keyboard = Keyboard(grace)
    keyboard.choose_next("Until I revoke it", exactly=False)
    expect(grace.get_by_label("30 days")).to_be_checked()
    keyboard.press("Allow access")
    tokens = outside.exchange(outside.received(grace)["code"]).json()
    assert tokens["expires_in"] == DAY_SECONDS  # as long as the API lets them live

    grace.goto(f"{installation.base_url}/connected/")
    app = grace.get_by_role("region", name="Payer")
    before = app.get_by_text("Until ").inner_text()
    picture(grace, "connected")
    keyboard.press("Shorten access Payer")
    expect(grace.get_by_role("radio")).to_have_count(1)  # it may be shortened, not lengthened
    keyboard.go_to("1 day", "radio", exactly=False)
    grace.keyboard.press("Space")
    picture(grace, "shorten")
    keyboard.press("Shorten access", kind="submit")
    expect(grace.get_by_role("status").filter(has_text="Access for Payer ends in 1 day.")).to_be_visible()
    expect(app.get_by_text("Until ")).not_to_have_text(before)
    expect(app.get_by_role("link", name="Shorten access")).to_have_count(0)
    picture(grace, "shortened")

    refreshed = outside.refresh(tokens["refresh_token"]).json()
    assert refreshed["expires_in"] < DAY_SECONDS  # no longer than the access itself
    told = outside.introspect(refreshed["access_token"], by=verifier)
    assert (told["scope"], told["aud"]) == ("payments:send", [PAYMENTS])


def payer(installation: Installation, callback: Callback, verifier: OAuthClient) -> OAuthClient:
    """Create an API and an application for it, as an operator's script would."""
    api = ("create_api", "--identifier", PAYMENTS, "--name", "Payments", "--token-lifetime", "24h")
    scope = ("--scope", "payments:send=Send payments for you", "--verifier", verifier.client_id)
    manage(installation, *api, *scope)
    allowed = ("--allow-scope", "payments:send", "--allow-scope", "offline_access")
    kind = ("create_application", "--type", "single_page", "--name", "Payer", "--redirect-url", callback.url)
    client_id = manage(installation, *kind, *allowed)["client_id"]
    return OAuthClient(client_id, redirect_uri=callback.url, pkce=True)
