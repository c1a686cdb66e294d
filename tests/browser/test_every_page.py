"""Every page of the registry in a real browser."""

import pytest

from tests.browser.window import Scheme, Window
from tests.every_page.conftest import break_what_it_breaks, browser_for
from tests.every_page.test_html import PAGES
from tests.every_page.visits import Visit
from tests.every_page.worlds import BUILDERS, State

pytestmark = pytest.mark.browser

LOOKS: list[tuple[int, Scheme]] = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]


@pytest.mark.parametrize(("visit", "state"), PAGES)
def test_everybody_can_use_a_page_in_any_width_and_colour(
    window: Window, monkeypatch: pytest.MonkeyPatch, visit: Visit, state: State
) -> None:
    world = BUILDERS[state]()
    break_what_it_breaks(visit, monkeypatch)
    window.take_over(browser_for(visit, world).client)
    assert window.visit(visit, world) == visit.status
    for width, scheme in LOOKS if state == State.FILLED else LOOKS[:1]:
        window.look(width=width, scheme=scheme)
        assert window.overflow() <= 0, f"{width} px"
        assert window.violations() == [], f"{width} px, {scheme}"
    assert window.complaints == []
