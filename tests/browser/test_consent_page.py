"""The consent page before real eyes and hands: nothing hides the host, and either decision is as near."""

import pytest
from playwright.sync_api import Locator, expect

from oauthapps.models import Application
from tests.browser.conftest import Callback
from tests.browser.keyboard import Keyboard
from tests.browser.window import Window
from tests.every_page.conftest import browser_for
from tests.every_page.registry import ASKED
from tests.every_page.worlds import filled

pytestmark = pytest.mark.browser

HOST = "visits.example"


def ask(window: Window, name: str = "Field visits", width: int = 1280, redirect_url: str = "") -> None:
    """Show the page of an application of this name, whatever forms would say to it."""
    world = filled()
    application = Application.objects.get(client_id=world.arguments["web"][0])
    Application.objects.filter(pk=application.pk).update(name=name)
    if redirect_url:
        application.redirect_urls.update(url=redirect_url)
    window.take_over(browser_for(ASKED, world).client)
    window.look(width=width)
    assert window.visit(ASKED, world) == 200


def box(part: Locator) -> tuple[float, float, float, float]:
    found = part.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


@pytest.mark.spec("W-19", "ASVS 10.7.2; RFC 8252 §8.6")
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "name",
    [
        "\u202eelpmaxe.stisiv \u2066bank.example",
        "Field\u200b\u2060\ufeff visits" + "\u200b" * 80,
        "Field visits. You will be sent to bank.example",
        "\u0424ield visits \u2014 v\u0456sits.example",
        "W" * 200,
        "<strong class='consent-host'>bank.example</strong>",
        "e\u0335\u0338\u0359\u0489" * 25,
    ],
    ids=["right to left", "zero width", "in our words", "look-alike", "200 letters", "markup", "stacked"],
)
def test_the_host_stays_where_and_what_it_is_under_any_name(window: Window, name: str, width: int) -> None:
    ask(window, name, width)
    page = window.page
    block, host = page.locator(".consent-host"), page.locator(".consent-host strong")
    assert block.count() == 1
    assert page.evaluate("document.querySelector('.consent-host strong').innerText") == HOST
    left, top, right, bottom = box(host)
    block_box = box(block)
    assert 0 <= block_box[0] <= left < right <= block_box[2] <= width
    assert block_box[1] < top < bottom < block_box[3]
    assert box(page.locator("h1"))[3] <= block_box[1]  # the name ends above, wherever it leads
    host.click(trial=True)  # nothing lies over it
    assert window.overflow() <= 0
    assert window.cut_off() == []
    # Its letters run from left to right, in the order in which they stand.
    assert page.evaluate(
        """() => {
          const text = document.querySelector(".consent-host strong bdi").firstChild;
          const range = document.createRange();
          const lefts = [...text.data].map((_, index) => {
            range.setStart(text, index);
            range.setEnd(text, index + 1);
            return range.getBoundingClientRect().left;
          });
          return lefts.every((left, index) => index === 0 || left > lefts[index - 1]);
        }"""
    )


@pytest.mark.spec("C-15", "WCAG 2.2")
@pytest.mark.parametrize("key", ["Enter", "Space"])
@pytest.mark.parametrize(("button", "expected"), [("Allow access", "code"), ("Cancel", "error")])
def test_the_keyboard_can_allow_and_cancel(
    window: Window, callback: Callback, button: str, expected: str, key: str
) -> None:
    ask(window, redirect_url=callback.url)
    Keyboard(window.page).press(button, key)
    assert expected in callback.received.pop()


@pytest.mark.spec("C-15", "WCAG 2.2")
@pytest.mark.parametrize("width", [320, 1280])
def test_cancel_is_as_large_and_as_near_as_allow_and_comes_first(window: Window, width: int) -> None:
    ask(window, width=width)
    cancel, allow = (window.page.get_by_role("button", name=name) for name in ("Cancel", "Allow access"))
    for button in (cancel, allow):
        expect(button).to_be_visible()
        button.click(trial=True)
    sizes = [(round(x2 - x1), round(y2 - y1)) for x1, y1, x2, y2 in (box(cancel), box(allow))]
    assert sizes[0] == sizes[1]
    assert box(cancel)[:2] < box(allow)[:2] or box(cancel)[1] < box(allow)[1]
    keyboard = Keyboard(window.page)
    keyboard.go_to("Cancel")
    window.page.keyboard.press("Tab")
    assert keyboard.focused()[0] == "Allow access"


@pytest.mark.spec("C-15", "WCAG 2.2")
def test_enter_anywhere_but_on_the_button_does_not_allow(window: Window) -> None:
    """Nothing has the focus at first; at a time limit Enter shows the page again, with the choice kept."""
    ask(window)
    page = window.page
    address = page.url
    page.keyboard.press("Enter")
    page.locator("h1").click()
    page.keyboard.press("Enter")
    page.locator(".consent-host").click()
    page.keyboard.press("Enter")
    assert page.url == address
    assert page.evaluate("document.activeElement.localName") not in {"button", "input"}
    page.get_by_label("30 days").check()
    page.keyboard.press("Enter")
    page.get_by_text("Nothing was decided yet.").wait_for()
    assert page.get_by_label("30 days").is_checked()
    assert page.locator("[autofocus]").count() == 0
