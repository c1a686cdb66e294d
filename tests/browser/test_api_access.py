"""Taking a scope away in a browser: whom it hits is said first, and then no token carries it any more."""

import json
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Callback
from tests.browser.steps import sign_in
from tests.infrastructure.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.story]
READ, ADMIT = "wards:read", "wards:admit"


def created(installation: Installation, *arguments: str) -> dict[str, str]:
    """What a command has made, as it says itself."""
    made = installation.manage(*arguments, "--json")
    assert made.returncode == 0, made.stderr
    described: dict[str, str] = json.loads(made.stdout)
    return described


def scopes_of(installation: Installation, application: dict[str, str], token: str) -> set[str]:
    """What a living token is good for, as introspection says."""
    reply = requests.post(
        f"{installation.base_url}/integrations/oauth2/api/v1/introspect",
        {"token": token},
        auth=(application["client_id"], application["client_secret"]),
        timeout=30,
    ).json()
    assert reply["active"], reply
    return set(reply["scope"].split())


@pytest.mark.spec("Y-81", "the console")
def test_a_scope_that_people_hold_is_unticked_and_confirmed_by_keyboard(
    page: Page, installation: Installation, callback: Callback
) -> None:
    scopes = [f"{READ}=See who is on your ward", f"{ADMIT}=Admit patients in your name"]
    created(
        installation,
        *("create_api", "--name", "Wards", "--identifier", "https://wards.example.com"),
        *("--scope", scopes[0], "--scope", scopes[1]),
    )
    application = created(
        installation,
        *("create_application", "--type", "web", "--name", "Rounds", "--redirect-url", callback.url),
        *("--allow-scope", "read", "--allow-scope", READ, "--allow-scope", ADMIT),
    )
    request = {"redirect_uri": callback.url, "response_type": "code", "scope": f"{READ} {ADMIT}"}
    request["client_id"] = application["client_id"]
    page.goto(f"{installation.base_url}/integrations/oauth2/authorize?{urlencode(request)}")
    sign_in(page)
    expect(page.get_by_text("Admit patients in your name")).to_be_visible()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    code = callback.received.pop()["code"]
    token = requests.post(
        f"{installation.base_url}/integrations/oauth2/api/v1/token",
        {"grant_type": "authorization_code", "code": code, "redirect_uri": callback.url},
        auth=(application["client_id"], application["client_secret"]),
        timeout=30,
    ).json()["access_token"]
    assert scopes_of(installation, application, token) == {READ, ADMIT}

    page.goto(f"{installation.base_url}/console/applications/{application['client_id']}/")
    box = page.get_by_role("group", name="Wards").get_by_role("checkbox", name=ADMIT)
    expect(box).to_be_checked()
    expect(box).to_have_accessible_description("Admit patients in your name")
    box.press("Space")
    expect(page.get_by_text("Changes are not saved yet.")).to_be_visible()
    page.get_by_label("First contact").fill("ward@example.com")
    page.keyboard.press("Enter")

    question = page.get_by_role("alert")
    expect(question).to_be_focused()
    expect(question).to_contain_text("this would remove a scope from Rounds")
    expect(question).to_contain_text("1 person and 1 active access token lose it immediately")
    expect(box).not_to_be_checked()
    expect(page.get_by_label("First contact")).to_have_value("ward@example.com")
    assert scopes_of(installation, application, token) == {READ, ADMIT}

    page.keyboard.press("Tab")
    expect(question.get_by_role("link")).to_be_focused()  # the list behind the number
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save without this scope")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: API access, First contact")).to_be_visible()
    expect(box).not_to_be_checked()
    assert scopes_of(installation, application, token) == {READ}

    page.goto(f"{installation.base_url}/integrations/oauth2/authorize?{urlencode(request)}")
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
    refused = callback.received.pop()
    assert refused["error"] == "invalid_scope"
    assert ADMIT in refused["error_description"]
