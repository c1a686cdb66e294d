"""Every page that auditors can look at, without anything on it that they can't use."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from tests.console.conftest import browser_of
from tests.console.pages import Page
from tests.console.test_auditors import OWN, READABLE
from tests.every_page.conftest import browser_for
from tests.every_page.organization import World
from tests.every_page.registry import VISITS
from tests.every_page.snapshots import put
from tests.every_page.structure import faults
from tests.every_page.test_registry import WITHOUT_A_PAGE
from tests.every_page.visits import Visit
from tests.every_page.worlds import State
from tests.factories import AuditorFactory
from tests.test_architecture import GUIDE, OPEN

USABLE = READABLE | OWN | OPEN | GUIDE


def is_look(visit: Visit) -> bool:
    """Whether auditors can look at the page too."""
    can_look = visit.name in READABLE and visit.sends is None and visit.status in {200, 404}
    return can_look and visit.by == "administrator"


# In its usual state and, where it has one, the empty one.
LOOKS = [
    pytest.param(visit, state, id=f"{visit}: {state}")
    for visit in VISITS
    if is_look(visit)
    for state in visit.states
    if state in {visit.states[0], State.EMPTY}
]


@pytest.fixture
def world(db: None, state: State) -> World:
    return put(state)


def seen(visit: Visit, world: World) -> Page:
    """The page as an auditor sees it, after others did what comes before the visit."""
    browser_for(visit, world)
    return visit.page(browser_of(AuditorFactory.create(username="looks")), world)


def test_every_page_that_auditors_can_look_at_is_looked_at() -> None:
    looked_at = {visit.name for visit in VISITS if is_look(visit)}
    assert looked_at == READABLE - WITHOUT_A_PAGE.keys()


@pytest.mark.spec("I-156", "the console")
@pytest.mark.parametrize(("visit", "state"), LOOKS)
def test_an_auditor_sees_the_page_and_nothing_on_it_is_refused(
    world: World, visit: Visit, state: State
) -> None:
    page = seen(visit, world)
    assert page.status == visit.status
    assert faults(page) == []
    assert [url for url in sent_to(page) if not is_usable(url)] == []
    assert [url for url in led_to(page) if not is_usable(url)] == []
    assert buttons_without_a_form(page) == []


def sent_to(page: Page) -> Iterator[str]:
    """Where the page's forms and buttons send what was filled in; its own URL takes only questions."""
    for form in page.posted_forms():
        yield form.get("action", "") or "/nowhere"
    for button in page.all("button"):
        if button.get("formaction"):
            yield button.get("formaction", "")


def led_to(page: Page) -> Iterator[str]:
    """Where its links lead, and where its scripts ask."""
    for element in page.root.iter():
        for attribute in ("href", "data-page", "data-effect"):
            url = urlsplit(element.get(attribute, ""))
            if element.tag != "link" and url.path and not url.scheme:
                yield url.path


def is_usable(path: str) -> bool:
    try:
        return resolve(path).view_name in USABLE
    except Resolver404:
        return False


def buttons_without_a_form(page: Page) -> list[Element]:
    """Buttons that would send a form which the page does not have."""
    inside = {button for form in page.all("form") for button in form.iter("button")}
    return [each for each in page.all("button") if each.get("type") == "submit" and each not in inside]


@pytest.mark.spec("I-156", "the console")
@pytest.mark.parametrize("name", sorted(READABLE & WITHOUT_A_PAGE.keys()))
def test_an_auditor_gets_what_has_no_page(db: None, name: str) -> None:
    world = put(State.FILLED)
    visit = Visit(name, of=WITHOUT_A_PAGE[name])
    client: Client = browser_of(AuditorFactory.create()).client
    assert client.get(visit.path(world)).status_code in {200, 302}
