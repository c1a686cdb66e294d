"""What is wrong with how a page is put together, for somebody who hears it."""

from collections import Counter
from itertools import pairwise
from xml.etree.ElementTree import Element

from tests.console.pages import Document, text_of

FIELDS = ("input", "select", "textarea", "meter", "progress")
# Attributes that name the ids of other elements.
REFERENCES = (
    "for",
    "form",
    "list",
    "headers",
    "commandfor",
    "aria-describedby",
    "aria-labelledby",
    "aria-controls",
)
NEEDS_NO_LABEL = {"hidden", "submit", "button", "reset", "image"}


def faults(page: Document) -> list[str]:
    """All of them, each in words."""
    return [
        *repeated_ids(page),
        *references_to_nothing(page),
        *skipped_headings(page),
        *unnamed_landmarks(page),
        *unlabelled_fields(page),
        *unnamed_controls(page),
    ]


def repeated_ids(page: Document) -> list[str]:
    ids = Counter(element.get("id") for element in page.root.iter() if element.get("id") is not None)
    return [f"id {name} stands {number} times" for name, number in ids.items() if number > 1 or not name]


def references_to_nothing(page: Document) -> list[str]:
    ids = {element.get("id") for element in page.root.iter()}
    named = [
        (attribute, name)
        for element in page.root.iter()
        for attribute in REFERENCES
        for name in element.get(attribute, "").split()
    ]
    named += [
        ("href", link.get("href", "")[1:]) for link in page.all("a") if link.get("href", "").startswith("#")
    ]
    return [f"{attribute} names {name}, which is not there" for attribute, name in named if name not in ids]


def skipped_headings(page: Document) -> list[str]:
    levels = [
        int(element.tag[1])
        for element in page.root.iter()
        if element.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}
    ]
    wrong = [f"{levels.count(1)} h1"] if levels.count(1) != 1 else []
    return wrong + [f"h{lower} follows h{upper}" for upper, lower in pairwise(levels) if lower > upper + 1]


def unnamed_landmarks(page: Document) -> list[str]:
    """One main; navigations by name where there are several."""
    mains = len(page.all("main"))
    names = [
        navigation.get("aria-label") or navigation.get("aria-labelledby") for navigation in page.all("nav")
    ]
    wrong = [f"{mains} main"] if mains != 1 else []
    return wrong + ["a navigation has no name of its own"] * (None in names or len(names) > len(set(names)))


def unlabelled_fields(page: Document) -> list[str]:
    labelled = {label.get("for") for label in page.all("label") if text_of(label)}
    inside = {id(field) for label in page.all("label") if text_of(label) for field in label.iter()}
    return [
        f"{field.tag} {field.get('name')} has no label"
        for tag in FIELDS
        for field in page.all(tag)
        if field.get("type") not in NEEDS_NO_LABEL
        and field.get("id") not in labelled
        and id(field) not in inside
        and not (field.get("aria-label") or field.get("aria-labelledby"))
    ]


def unnamed_controls(page: Document) -> list[str]:
    return [
        f"{control.tag} without a name"
        for tag in ("a", "button", "summary")
        for control in page.all(tag)
        if not (text_of(control) or control.get("aria-label") or alternative_texts(control))
    ]


def alternative_texts(element: Element) -> str:
    return "".join(image.get("alt", "") for image in element.iter("img"))
