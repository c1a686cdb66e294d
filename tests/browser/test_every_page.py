"""Every page of the registry in a real browser. `--every-look` adds what the suite leaves out."""

from itertools import product

import pytest

from tests.browser.window import SCHEMES, Scheme, Window
from tests.every_page.conftest import break_what_it_breaks, browser_for
from tests.every_page.pages import PAGES
from tests.every_page.registry import VISITS
from tests.every_page.snapshots import put
from tests.every_page.visits import Visit
from tests.every_page.worlds import State

pytestmark = pytest.mark.browser

# CSS pixels: WCAG 2.2's narrowest (1.4.10), a tablet, the narrowest with navigation beside, a laptop.
WIDTHS = (320, 768, 1130, 1280)
USUAL_LOOKS = list(product((320, 1280), SCHEMES))
ONE_LOOK = USUAL_LOOKS[:1]


@pytest.fixture
def seen(window: Window, monkeypatch: pytest.MonkeyPatch, visit: Visit, state: State) -> Window:
    """A window in which the visit has led to its page."""
    world = put(state)
    break_what_it_breaks(visit, monkeypatch)
    window.take_over(browser_for(visit, world).client)
    assert window.visit(visit, world) == visit.status
    return window


def looks(visit: Visit, state: State, *, every: bool) -> list[tuple[int, Scheme]]:
    """Where axe looks at a page: the usual state of a page in every way, errors and the other states once."""
    if every:
        return list(product(WIDTHS, SCHEMES))
    return USUAL_LOOKS if state == visit.states[0] and visit.status < 400 else ONE_LOOK


@pytest.mark.parametrize(("visit", "state"), PAGES)
def test_everybody_can_use_a_page_in_any_width_and_color(
    seen: Window, pytestconfig: pytest.Config, visit: Visit, state: State
) -> None:
    for width, scheme in looks(visit, state, every=pytestconfig.getoption("--every-look")):
        seen.look(width=width, scheme=scheme)
        assert seen.violations() == [], f"{width} px, {scheme}"
    for width in WIDTHS:
        seen.look(width=width)
        assert seen.overflow() <= 0, f"{width} px"
        assert seen.cut_off() == [], f"{width} px"
    assert seen.complaints == []


ONCE_EACH = [pytest.param(visit, visit.states[0], id=str(visit)) for visit in VISITS if visit.status < 500]


@pytest.mark.parametrize(("visit", "state"), ONCE_EACH)
def test_whoever_sees_or_moves_otherwise_can_use_it_too(seen: Window) -> None:
    """The focus is always seen, forced colors keep controls apart, nothing moves, and all may be larger."""
    seen.look(width=1280)
    assert seen.lost_focus() == []
    assert seen.edgeless_controls() == []
    assert seen.moving() == []
    seen.look(width=640)  # 1280 px at 200 % zoom
    assert seen.overflow() <= 0
    assert seen.cut_off() == []
