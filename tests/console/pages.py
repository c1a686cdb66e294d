"""A browser for tests: it reads pages strictly and sends their forms as a browser would."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import html5lib
from django.test import Client

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

Fields = dict[str, Any]

CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Document:
    """The content of a page, without a single parse error where it is HTML."""

    def __init__(self, content: str) -> None:
        self.content = content

    @cached_property
    def root(self) -> Element:
        # A control character that somebody sent and gets to see again is no mistake of the page's.
        is_strict = CONTROL_CHARACTER.search(self.content) is None
        parser = html5lib.HTMLParser(strict=is_strict, namespaceHTMLElements=False)
        root: Element = parser.parse(self.content)
        return root

    @property
    def title(self) -> str:
        return text_of(self.one("title"))

    @property
    def heading(self) -> str:
        """Its only h1."""
        return text_of(self.one("h1"))

    @property
    def text(self) -> str:
        return text_of(self.one("main"))

    @property
    def messages(self) -> str:
        return " ".join(
            text_of(part) for part in self.root.iter("div") if part.get("class", "").startswith("messages")
        )

    def one(self, tag: str) -> Element:
        found = list(self.root.iter(tag))
        assert len(found) == 1, [text_of(element) for element in found]
        return found[0]

    def all(self, tag: str) -> list[Element]:
        return list(self.root.iter(tag))

    def links(self) -> dict[str, str]:
        return {text_of(link): link.get("href", "") for link in self.root.iter("a")}

    def buttons(self) -> list[str]:
        """What can be pressed without JavaScript."""
        hidden = {
            button
            for part in self.root.iter()
            if part.get("hidden") is not None
            for button in part.iter("button")
        }
        return [text_of(button) for button in self.root.iter("button") if button not in hidden]

    def posted_forms(self) -> list[Element]:
        return [form for form in self.root.iter("form") if form.get("method") == "post"]

    def form(self, action: str = "") -> Element:
        """The form that it or one of its buttons sends to an address; to the page's own if none is given."""
        found = [form for form in self.posted_forms() if form.get("action", "") == action]
        found += [
            self.by_id(button.get("form", ""))
            for button in self.root.iter("button")
            if button.get("formaction") == action
        ]
        assert found, f"no form is sent to {action or 'its own page'}"
        return found[0]

    def pressed(self, action: str) -> Fields:
        """What the button says that sends the form to an address."""
        buttons = [button for button in self.form(action).iter("button") if button.get("formaction") is None]
        return {button.get("name", ""): button.get("value", "") for button in buttons if button.get("name")}

    def actions(self, form: Element) -> list[str]:
        """The addresses that a form is sent to: its own, and those of buttons that send it elsewhere."""
        own = set(form.iter("button"))
        others = (
            button.get("formaction", "")
            for button in self.root.iter("button")
            if button in own or button.get("form") == form.get("id", "")
        )
        return [form.get("action", ""), *filter(None, others)]

    def labels(self, form: Element) -> list[str]:
        """The labels of a form's fields, in their order."""
        return [text_of(label) for label in form.iter("label")]

    def alerts(self) -> str:
        return " ".join(text_of(part) for part in self.root.iter("div") if part.get("role") == "alert")

    def field(self, name: str) -> Element:
        found = [
            element
            for tag in ("input", "textarea", "select")
            for element in self.root.iter(tag)
            if element.get("name") == name
        ]
        assert len(found) == 1, name
        return found[0]

    def by_id(self, name: str) -> Element:
        return next(element for element in self.root.iter() if element.get("id") == name)


class Page(Document):
    """One answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.content.decode())
        self.answer = answer
        self.status = answer.status_code
        self.sent_on_by: Answer | None = None  # a 307 that led here


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def fields_of(form: Element) -> Fields:
    """What a browser would send of a form, lists for names that come more than once."""
    fields: dict[str, list[str]] = {}
    for element in form.iter():
        name = element.get("name")
        if name and element.get("disabled") is None:
            for value in values_of(element):
                fields.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def values_of(element: Element) -> list[str]:
    if element.tag == "textarea":
        return ["".join(element.itertext()).removeprefix("\n")]
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [option.get("value", "") for option in chosen]
    if element.tag != "input" or element.get("type") == "file":
        return []
    if element.get("type") in {"checkbox", "radio"}:
        return [element.get("value", "on")] if element.get("checked") is not None else []
    return [element.get("value", "")]


class Browser:
    """A person's browser, without JavaScript."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, address: str, /, **query: str) -> Page:
        return self._read(self.client.get(address, query or None))

    def post(self, address: str, /, fields: Fields | None = None) -> Page:
        """Send a form, and send it on where the answer says so (RFC 9110 section 15.4.8)."""
        answer = self.client.post(address, fields or {})
        if answer.status_code != 307:
            return self._read(answer)
        page = self.post(answer["Location"], fields)
        page.sent_on_by = answer
        return page

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.status == 302, page.content[:2000]
        return self.get(page.answer["Location"])

    def send(self, page: Page, action: str = "", /, **changes: Any) -> Page:
        """Send a page's form with some fields changed; None leaves a field out."""
        fields = fields_of(page.form(action)) | changes
        address = action or page.answer.request["PATH_INFO"]
        return self.post(address, {name: value for name, value in fields.items() if value is not None})

    def _read(self, answer: Answer) -> Page:
        page = Page(answer)
        if answer.get("Content-Type", "").startswith("text/html") and page.content:
            assert page.root is not None  # parsed strictly
        return page
