"""Single sign-on in a real browser: from an application to the provider, and back with a code."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Callback
from tests.browser.steps import sign_in
from tests.browser.test_popup import OPENER, decide, is_held
from tests.infrastructure.identity_providers import KINDS
from tests.oauth_client import AUTHORIZE, ME, TOKEN
from tests.stories.conftest import manage
from tests.stories.single_sign_on.office import Office, email_of, office_with

pytestmark = [pytest.mark.browser, pytest.mark.story]

# 8 KB of what states may have, much of which is longer in a URL.
STATE = "{é%2F&=" * 1150
THERE = "Sign in at the identity provider"
LOOPBACK = "http://127.0.0.1/callback"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two providers, and passwords for everybody."""
    with office_with(tmp_path_factory.mktemp("office"), KINDS) as running:
        yield running


@pytest.fixture(scope="module", params=KINDS)
def strict(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One provider, and no passwords."""
    folder = tmp_path_factory.mktemp("strict")
    with office_with(folder, [request.param], lambda office: office.set_rule("emergency")) as running:
        yield running


class Client:
    """A web application's client, whose people sign in."""

    def __init__(self, office: Office, callback: Callback, name: str) -> None:
        options = ("--type", "web", "--name", name, "--redirect-url", LOOPBACK)
        self.created: dict[str, Any] = manage(office.installation, "create_application", *options)
        self.office, self.callback = office, callback

    def address(self, state: str = STATE) -> str:
        query = {
            "client_id": self.created["client_id"],
            "redirect_uri": self.callback.url,
            "response_type": "code",
            "state": state,
        }
        return f"{self.office.base_url}{AUTHORIZE}?{urlencode(query)}"

    def check_back(self, state: str, account: str) -> None:
        """Insist on a code that came with this state, and on tokens for it that act for somebody."""
        received = self.callback.received.pop()
        assert received["state"] == state
        form = {
            "grant_type": "authorization_code",
            "code": received["code"],
            "redirect_uri": self.callback.url,
        }
        credentials = (self.created["client_id"], self.created["client_secret"])
        reply = requests.post(self.office.base_url + TOKEN, form, auth=credentials, timeout=30)
        bearer = {"Authorization": f"Bearer {reply.json()['access_token']}"}
        person = requests.get(self.office.base_url + ME, headers=bearer, timeout=30).json()
        assert email_of(account) in person.values(), person


def account_at(office: Office, kind: str, name: str, **claims: Any) -> str:
    account = f"{name}-{kind}"
    office.providers[kind].add_person(account, **claims)
    return account


def sign_in_there(page: Page, account: str) -> None:
    expect(page.get_by_role("heading", name=THERE)).to_be_visible()
    page.get_by_label("Account").fill(account)
    page.get_by_role("button", name="Sign in").click()


def speaks_to_end_users(page: Page) -> None:
    assert "administrator" not in page.content().lower()


def consent(page: Page, button: str = "Allow access") -> None:
    expect(page.get_by_role("button", name="Allow access")).to_be_visible()
    speaks_to_end_users(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()


@pytest.mark.spec("I-91", "the console")
@pytest.mark.spec("I-94", "CSP 3 §6.4.2")
@pytest.mark.parametrize("kind", KINDS)
def test_an_application_s_user_signs_in_at_the_provider_and_is_back(
    page: Page, office: Office, callback: Callback, kind: str
) -> None:
    client = Client(office, callback, f"Ledger of {kind}")
    account = account_at(office, kind, "uma")
    page.goto(client.address())
    expect(page.get_by_label("Password")).to_be_visible()
    speaks_to_end_users(page)
    page.get_by_role("button", name=f"Sign in with {kind.title()} login").click()
    sign_in_there(page, account)
    consent(page)
    client.check_back(STATE, account)


@pytest.mark.spec("I-92", "9700 §4.11")
def test_without_passwords_there_is_the_provider_and_nothing_before_it(
    page: Page, strict: Office, callback: Callback
) -> None:
    (kind,) = strict.providers
    client = Client(strict, callback, "Straight")
    account = account_at(strict, kind, "vic")
    page.goto(client.address())
    sign_in_there(page, account)
    consent(page)
    client.check_back(STATE, account)
    page.goto(client.address("again"))  # here and there are sessions; consent is asked for each time
    consent(page)
    client.check_back("again", account)


def test_who_cancels_there_reads_a_sentence_and_can_go_on(
    page: Page, strict: Office, callback: Callback
) -> None:
    (kind,) = strict.providers
    client = Client(strict, callback, "Second thoughts")
    account = account_at(strict, kind, "wes")
    page.goto(client.address())
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sign-in failed")).to_be_visible()
    expect(page.get_by_text("was canceled or denied")).to_be_visible()
    speaks_to_end_users(page)
    page.get_by_role("link", name="Sign in again").click()
    if page.get_by_role("button", name=f"Sign in with {kind.title()} login").is_visible():
        speaks_to_end_users(page)
        page.get_by_role("button", name=f"Sign in with {kind.title()} login").click()
    sign_in_there(page, account)
    consent(page)
    client.check_back(STATE, account)


@pytest.mark.spec("I-93", "HTML: cross-origin opener policies")
def test_a_popup_reports_to_the_client_that_opened_it(page: Page, strict: Office, callback: Callback) -> None:
    (kind,) = strict.providers
    client = Client(strict, callback, "Popup")
    account = account_at(strict, kind, "xia")
    popup = open_popup(page, client, callback)
    sign_in_there(popup, account)
    decide(page, popup, callback)
    client.check_back(STATE, account)


@pytest.mark.spec("I-93", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("kind", KINDS)
def test_so_does_one_whose_sign_in_page_offers_both(
    page: Page, office: Office, callback: Callback, kind: str
) -> None:
    client = Client(office, callback, f"Popup of {kind}")
    account = account_at(office, kind, "yan")
    popup = open_popup(page, client, callback)
    assert is_held(page, popup)
    popup.get_by_role("button", name=f"Sign in with {kind.title()} login").click()
    sign_in_there(popup, account)
    decide(page, popup, callback)
    client.check_back(STATE, account)


def open_popup(page: Page, client: Client, callback: Callback) -> Page:
    """The popup of a client on another origin, as far as it gets by itself."""
    page.goto(callback.url.replace("/callback", "/start"))
    page.evaluate(OPENER, client.address())
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in").click()
    return opened.value


@pytest.mark.spec("I-94", "CSP 3 §6.4.2")
def test_a_page_of_one_s_own_leads_there_too(page: Page, office: Office) -> None:
    kind = next(iter(office.providers))
    page.goto(f"{office.base_url}/security/")
    page.get_by_role("button", name=f"Sign in with {kind.title()} login").click()
    sign_in_there(page, account_at(office, kind, "amy"))
    expect(page).to_have_url(f"{office.base_url}/security/")


@pytest.mark.spec("I-97", "OpenID RP-Initiated Logout §2")
def test_signing_out_here_leads_to_signing_out_there_and_back(
    page: Page, strict: Office, callback: Callback
) -> None:
    (kind,) = strict.providers
    page.goto(f"{strict.base_url}/security/")
    sign_in_there(page, account_at(strict, kind, "zoe"))
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="You're signed out")).to_be_visible()
    page.get_by_role("link", name=f"Sign out of {kind.title()} login").click()
    expect(page.get_by_role("heading", name="Sign out at the identity provider")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You're signed out")).to_be_visible()
    page.goto(f"{strict.base_url}/security/")
    expect(page.get_by_role("heading", name=THERE)).to_be_visible()


@pytest.mark.spec("I-94", "CSP 3 §6.4.2")
@pytest.mark.parametrize("kind", KINDS)
def test_an_administrator_tries_the_provider_out(page: Page, office: Office, kind: str) -> None:
    """Nobody is signed in by that, and nobody is created."""
    account = account_at(office, kind, "abe")
    page.goto(f"{office.base_url}/sign-in/providers/{office.ids[kind]}/")
    sign_in(page)
    page.get_by_role("button", name="Test sign-in").click()
    sign_in_there(page, account)
    expect(page.get_by_text(email_of(account)).first).to_be_visible()
    expect(page.get_by_text("A member will be created")).to_be_visible()
    assert office.person(account) is None
    page.goto(f"{office.base_url}/sign-in/providers/{office.ids[kind]}/")
    expect(page.get_by_role("button", name="Test sign-in")).to_be_visible()


@pytest.mark.spec("I-94", "CSP 3 §6.4.2")
def test_a_sensitive_act_leads_to_the_provider_and_back(page: Page, strict: Office) -> None:
    (kind,) = strict.providers
    strict.change_provider(kind, groups_claim="groups", administrator_groups=["admins"])
    account = account_at(strict, kind, "bob", groups=["admins"])
    page.goto(f"{strict.base_url}/console/applications/new")
    sign_in_there(page, account)
    page.get_by_text("Machine to Machine Application", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Sensitive")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(strict.base_url)}
    strict.age_session(cookies["gatehouse_session"], 3600)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name=f"Sign in with {kind.title()} login").click()
    sign_in_there(page, account)
    page.get_by_role("button", name="Submit now").click()
    expect(page.get_by_role("heading", name="Sensitive was created")).to_be_visible()
