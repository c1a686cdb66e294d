"""A browser window that is used for many pages, one after the other, and notes what it complains about."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from axe_playwright_python.base import AXE_FILE_PATH
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage

from tests.browser.scripts import CUT_OFF, EDGELESS, MOVING, SEND, UNSEEN_FOCUS
from tests.console.pages import Document, fields_of
from tests.every_page.organization import World
from tests.every_page.visits import Visit

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEIGHT = 800
# More than any page has places for the focus.
MOST_TABS = 250

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# What Chromium says of a page that comes with an error's status, as it should.
OF_THE_PAGE_ITSELF = "Failed to load resource: the server responded with a status of"


class Window:
    """One tab of one context; whoever is signed in changes with its cookies."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.context = context
        self.base_url = base_url
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def note(self, message: ConsoleMessage) -> None:
        is_about_page = message.text.startswith(OF_THE_PAGE_ITSELF) and (
            message.location["url"] == self.page.url
        )
        if message.type in {"error", "warning"} and not is_about_page:
            self.complaints.append(message.text)

    def take_over(self, client: Client) -> None:
        """Be the browser in which somebody has signed in, and nobody else's."""
        self.complaints.clear()
        self.context.clear_cookies()
        for name, cookie in client.cookies.items():
            self.context.add_cookies([{"name": name, "value": cookie.value, "url": self.base_url}])

    def visit(self, visit: Visit, world: World) -> int:
        """Go to a page as the visit says and return the status it came with."""
        query = urlencode(visit.query(world))
        path = visit.path(world)
        answer = self.page.goto(f"{self.base_url}{path}{'?' if query else ''}{query}")
        if visit.sends is not None:
            seen = Document(self.page.content())
            form = visit.form(seen, world)
            answer = self.send(visit.action(seen, world) or path, fields_of(form) | dict(visit.sends))
        assert answer is not None
        return answer.status

    def send(self, path: str, fields: Mapping[str, Any]) -> Any:
        """Send a form, whatever the browser would say to what is in it."""
        pairs = [
            (name, str(value))
            for name, values in fields.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        with self.page.expect_navigation() as navigation:
            self.page.evaluate(SEND, [path, pairs])
        return navigation.value

    def look(self, *, width: int, scheme: Scheme = "light") -> None:
        """Look at the page in a window of this width (CSS pixels) and in the light or dark scheme."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))

    def cut_off(self) -> list[str]:
        """The texts whose end cannot be seen, whatever one does."""
        found: list[str] = self.page.evaluate(CUT_OFF)
        return found

    def lost_focus(self) -> list[str]:
        """Walk over the whole page with Tab and return where somebody would lose the focus from sight."""
        lost: list[str] = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            seen = self.page.evaluate(UNSEEN_FOCUS)
            if seen is None:
                return lost
            if seen[1]:
                lost.append(f"{seen[0]} {seen[1]}")
        raise AssertionError("Tab never comes to the end of the page")

    def edgeless_controls(self) -> list[str]:
        """What forced colors leave without an edge."""
        self.page.emulate_media(forced_colors="active")
        found: list[str] = self.page.evaluate(EDGELESS)
        self.page.emulate_media(forced_colors="none")
        return found

    def moving(self) -> list[str]:
        """What moves although the window asks for less motion."""
        found: list[str] = self.page.evaluate(MOVING)
        return found

    def violations(self) -> list[str]:
        """What axe finds, each with the element it is about."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE_FILE_PATH.read_text())
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        found = self.page.evaluate("options => axe.run(document, options)", options)["violations"]
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
