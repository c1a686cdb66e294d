"""A client secret and a private key are on one page; no way back through the browser shows them again.

Over https, because there Chrome keeps pages for its Back button that are marked no-store.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Dialog, Error, Page, expect

from tests.browser.steps import sign_in
from tests.infrastructure.installation import ADMIN
from tests.infrastructure.tls import behind_tls

pytestmark = [pytest.mark.browser, pytest.mark.story]

# Playwright switches the cache of the Back button off; people have it.
KEEPS_PAGES = {"ignore_default_args": ["--disable-back-forward-cache"]}
# Chrome forgets a page marked no-store as soon as a cookie is set, as ours do. That must not be all there is.
WITHOUT_COOKIES = "location /console/ { proxy_pass http://gatehouse; proxy_hide_header Set-Cookie; }"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with behind_tls(tmp_path_factory.mktemp("tls") / "site", ADMIN, WITHOUT_COOKIES) as running:
        yield running


@pytest.fixture(scope="module")
def browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    browser = browser_type.launch(**(browser_type_launch_args | KEEPS_PAGES))
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(address)
    sign_in(page)
    yield page
    context.close()


def shows(page: Page, secret: str) -> bool:
    values = "[...document.querySelectorAll('input, textarea')].map(field => field.value).join(' ')"
    return secret in page.content() or secret in str(page.evaluate(values))


def create(page: Page, address: str) -> str:
    page.goto(f"{address}/console/applications/new")
    page.get_by_text("Web Application", exact=True).click()
    page.get_by_label("Name").fill("Field app")
    page.get_by_role("button", name="Create", exact=True).click()
    secret = page.get_by_label("Client secret").input_value()
    assert secret.startswith("gtsec_")
    assert shows(page, secret)
    return secret


def back(page: Page) -> None:
    """Press Back. Where Chrome has kept nothing it asks whether to send the form again: a page of its own."""
    here = page.url
    page.evaluate("() => { setTimeout(() => history.back()) }")
    try:
        page.wait_for_url(lambda url: url != here, wait_until="commit")
    except Error as error:
        if "ERR_CACHE_MISS" not in error.message:
            raise
    page.wait_for_timeout(300)  # for a restored page's script


def leave(page: Page, address: str, way: str) -> None:
    if way == "Done":
        page.get_by_label("I've saved it").check()
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("heading", name="Field app")).to_be_visible()
    elif way == "a link":
        page.get_by_role("link", name="OAuth2 Applications").first.click()
        expect(page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()
    else:
        page.goto(f"{address}/static/img/favicon.svg")


def test_the_browser_here_does_keep_pages_for_back(page: Page, address: str) -> None:
    """Otherwise the tests below would prove nothing."""
    page.goto(f"{address}/console/applications/new")
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="OAuth2 Applications").first.click()
    expect(page.get_by_role("heading", name="OAuth2 Applications")).to_be_visible()
    back(page)
    assert page.evaluate("window.kept") is True


@pytest.mark.spec("C-09", "ASVS 13.3")
@pytest.mark.parametrize("way", ["Done", "a link", "the address bar"])
def test_back_does_not_show_the_secret_again(page: Page, address: str, way: str) -> None:
    secret = create(page, address)
    leave(page, address, way)
    assert not shows(page, secret)
    back(page)
    assert not shows(page, secret)


@pytest.mark.spec("C-09", "ASVS 13.3")
def test_done_needs_the_tick_before_anything_leaves_the_page(page: Page, address: str) -> None:
    secret = create(page, address)
    page.get_by_role("button", name="Done").click()
    assert shows(page, secret)
    assert page.get_by_label("I've saved it").evaluate("box => box.validity.valueMissing")


@pytest.mark.spec("C-21", "the console")
@pytest.mark.parametrize("link", ["OAuth2 Applications", "Activity", "Field app"])
def test_a_link_off_the_page_asks_first(page: Page, address: str, link: str) -> None:
    secret = create(page, address)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    page.get_by_role("link", name=link, exact=True).first.click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert shows(page, secret)
    page.get_by_role("button", name="Download As a .env file").click()
    leave(page, address, "Done")
    assert asked == ["beforeunload"]


@pytest.mark.spec("C-21", "the console")
def test_a_link_off_an_invitation_asks_first(page: Page, address: str) -> None:
    page.goto(f"{address}/people/new")
    page.locator("#id_username").fill("grace")
    page.locator("#id_email").fill("grace@example.org")
    page.get_by_role("button", name="Invite", exact=True).click()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    link = page.get_by_label("Invitation link", exact=True).input_value()
    page.get_by_role("link", name="People").first.click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert shows(page, link)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="grace")).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.mark.spec("C-22", "the console")
def test_adding_a_secret_keeps_what_is_not_saved(page: Page, address: str) -> None:
    create(page, address)
    leave(page, address, "Done")
    page.get_by_label("Description", exact=True).fill("Not saved yet")
    page.get_by_role("button", name="Add client secret").click()
    expect(page.get_by_role("heading", name="A new client secret")).to_be_visible()
    leave(page, address, "Done")
    expect(page.get_by_label("Description", exact=True)).to_have_value("Not saved yet")
    expect(page.locator("[data-unsaved-note]")).to_have_text("Changes are not saved yet.")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator("[data-unsaved-note]")).to_have_text("")
    expect(page.get_by_label("Description", exact=True)).to_have_value("Not saved yet")


@pytest.mark.spec("C-09", "ASVS 13.3")
def test_a_page_that_is_put_aside_has_nothing_left_to_show(page: Page, address: str) -> None:
    """Other browsers keep the answer to a form as well."""
    secret = create(page, address)
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert page.get_by_label("Client secret").input_value() == ""
    assert secret not in str(page.evaluate("document.documentElement.outerHTML"))
