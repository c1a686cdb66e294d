"""What people do in a browser in many tests."""

import os
from pathlib import Path

from playwright.sync_api import CDPSession, Page, expect

from tests.infrastructure.installation import ADMIN, Installation


def sign_in(
    page: Page, username: str = ADMIN["ADMIN_USERNAME"], password: str = ADMIN["ADMIN_PASSWORD"]
) -> None:
    """Sign in on the page that is shown, as the administrator unless it says otherwise."""
    page.get_by_label("Username or email address").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def authenticator_of(page: Page, **changes: object) -> tuple[CDPSession, str]:
    """A phone or laptop that keeps passkeys, knows its owner, and is touched whenever it asks; and its id."""
    devtools: CDPSession = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    } | changes
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, str(added["authenticatorId"])


def add_passkey(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.base_url}/security/passkeys/")
    sign_in(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Test laptop")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert len(page.get_by_label("Recovery codes").input_value().split()) == 10


def remove_passkey(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.base_url}/security/passkeys/")
    page.get_by_role("link", name="Remove Test laptop").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_role("heading", name="No passkeys yet")).to_be_visible()


def picture(page: Page, name: str) -> None:
    """Keep screenshots where SCREENSHOTS names a folder; nothing secret is on the pages it is called for."""
    if folder := os.environ.get("SCREENSHOTS"):
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
