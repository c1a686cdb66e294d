"""The HTML of every page, as a strict parser and somebody who only hears it meet it."""

import pytest

from tests.every_page.conftest import break_what_it_breaks, browser_for
from tests.every_page.organization import World
from tests.every_page.pages import PAGES
from tests.every_page.snapshots import put
from tests.every_page.structure import faults
from tests.every_page.visits import Visit
from tests.every_page.worlds import State


@pytest.fixture
def world(db: None, state: State) -> World:
    return put(state)


@pytest.mark.parametrize(("visit", "state"), PAGES)
def test_a_page_is_valid_and_makes_sense_by_ear(
    world: World, monkeypatch: pytest.MonkeyPatch, visit: Visit, state: State
) -> None:
    break_what_it_breaks(visit, monkeypatch)
    page = visit.page(browser_for(visit, world), world)
    assert page.status == visit.status
    assert visit.sends is not None or page.answer.request["PATH_INFO"] == visit.path(world)
    assert page.title
    assert page.root.get("lang") == "en"
    assert faults(page) == []
