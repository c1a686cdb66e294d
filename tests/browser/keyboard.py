"""Hands on a keyboard and nothing else: Tab, Enter, Space, arrows, and typing."""

from playwright.sync_api import Page

# The longest way to anything on a page; whoever needs more goes in circles.
MOST_TABS = 120

# What the focus is on: what it is called, and what kind of control it is.
FOCUSED = """() => {
  const element = document.activeElement;
  const label = element.labels?.[0] ?? element;
  const name = (element.getAttribute("aria-label") ?? label.textContent).replace(/\\s+/g, " ").trim();
  return [name, element.type || element.localName];
}"""


class Keyboard:
    """Types into a page; where the focus goes is up to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focused(self) -> tuple[str, str]:
        """The name and the kind of what has the focus."""
        name, kind = self.page.evaluate(FOCUSED)
        return name, kind

    def go_to(self, name: str, kind: str = "", *, exactly: bool = True) -> None:
        """Press Tab until the focus is on what is called so."""
        passed = []
        for _ in range(MOST_TABS):
            here, kind_here = self.focused()
            if (here == name if exactly else here.startswith(name)) and kind in {"", kind_here}:
                return
            passed.append(here)
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {name}; it came to {list(dict.fromkeys(passed))}")

    def press(self, name: str, key: str = "Enter", kind: str = "") -> None:
        """Go to a button or link and press a key on it that leads to another page."""
        self.go_to(name, kind)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def fill(self, name: str, text: str) -> None:
        """Go to a field and type over what is in it."""
        self.go_to(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def tick(self, name: str) -> None:
        self.go_to(name, "checkbox")
        self.page.keyboard.press("Space")

    def choose_next(self, name: str, *, exactly: bool = True) -> None:
        """Go to a group of choices and take the next one."""
        self.go_to(name, exactly=exactly)
        self.page.keyboard.press("ArrowDown")
