"""The pictures of README, taken by `dev.py screenshots`: the same organization, clock and ids every time.

It is no test, and its name keeps it out of the suite; it borrows the tests' database, server and window.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.window import Window
from tests.every_page.conftest import browser_for
from tests.every_page.registry import ASKED
from tests.every_page.visits import Visit
from tests.every_page.worlds import filled

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
NOW = datetime(2026, 3, 18, 10, 24, tzinfo=UTC)

# Each with the width and height of the window, in CSS pixels.
PICTURES = {
    "applications": (Visit("console:applications"), 1360, 820),
    "application": (Visit("console:application", of="web"), 1360, 820),
    "consent": (ASKED, 720, 1060),
}


@pytest.fixture
def sharp_window(
    browser: Browser, django_db_setup: None, live_server: LiveServer, transactional_db: None
) -> Iterator[Window]:
    """A window with two pixels for each pixel of CSS, in which nothing moves."""
    context = browser.new_context(
        device_scale_factor=2,
        reduced_motion="reduce",
        color_scheme="light",
    )
    yield Window(context, live_server.url)
    context.close()


@pytest.mark.parametrize("name", PICTURES)
def test_picture(sharp_window: Window, name: str) -> None:
    visit, width, height = PICTURES[name]
    sharp_window.page.set_viewport_size({"width": width, "height": height})
    with time_machine.travel(NOW, tick=False):
        world = filled()
        sharp_window.take_over(browser_for(visit, world).client)
        assert sharp_window.visit(visit, world) == visit.status
        sharp_window.page.wait_for_load_state("networkidle")  # pictures and scripts too
        sharp_window.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")
    assert sharp_window.complaints == []
