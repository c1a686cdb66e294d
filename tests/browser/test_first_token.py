"""The main job in a real browser: from signing in to a token."""

from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Callback
from tests.browser.steps import picture, sign_in
from tests.infrastructure.installation import ADMIN, Installation

pytestmark = [pytest.mark.browser, pytest.mark.story]


def test_an_administrator_creates_a_web_application_and_gets_its_first_token(
    page: Page, installation: Installation, callback: Callback
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(installation.base_url)
    picture(page, "sign-in")
    sign_in(page)
    page.get_by_role("link", name="OAuth2 Applications").click()
    page.get_by_role("button", name="Create app integration").first.click()
    expect(page.get_by_role("heading", name="New OAuth2 application")).to_be_visible()
    page.get_by_role("dialog").get_by_text("Web Application", exact=True).click()
    page.get_by_label("Name").fill("Field app")
    picture(page, "new-application")
    page.get_by_role("button", name="Create", exact=True).click()

    secret = page.get_by_label("Client secret").input_value()
    assert secret.startswith("gtsec_")
    page.get_by_label("I've saved it").check()
    page.get_by_role("button", name="Done").click()
    client_id = page.get_by_label("Client ID").input_value()
    assert secret not in page.content()
    page.get_by_label("Redirect URL 1").fill(callback.url)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: Redirect URLs")).to_be_visible()
    picture(page, "application")
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    picture(page, "applications")

    request = {"client_id": client_id, "redirect_uri": callback.url, "response_type": "code", "state": "s"}
    page.goto(f"{installation.base_url}/integrations/oauth2/authorize?{urlencode(request)}")
    expect(page.get_by_text("127.0.0.1").first).to_be_visible()
    picture(page, "consent")
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()

    received = callback.received.pop()
    assert received["state"] == "s"
    reply = requests.post(
        f"{installation.base_url}/integrations/oauth2/api/v1/token",
        {"grant_type": "authorization_code", "code": received["code"], "redirect_uri": callback.url},
        auth=(client_id, secret),
        timeout=30,
    )
    assert reply.status_code == 200, reply.text
    token = reply.json()["access_token"]
    me = requests.get(f"{installation.base_url}/api/v1/me", headers={"sessionID": token}, timeout=30)
    assert me.json()["username"] == ADMIN["ADMIN_USERNAME"]
    assert complaints == []


def test_cancel_sends_the_person_back_without_a_code(
    page: Page, installation: Installation, callback: Callback
) -> None:
    created = installation.manage(
        *("create_application", "--type", "web", "--name", "Cancelled", "--redirect-url", callback.url)
    )
    client_id = created.stdout.split("client_id: ")[1].split()[0]
    request = {"client_id": client_id, "redirect_uri": callback.url, "response_type": "code"}
    page.goto(f"{installation.base_url}/integrations/oauth2/authorize?{urlencode(request)}")
    sign_in(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    assert callback.received.pop()["error"] == "access_denied"
