"""The pages of the integration guide, which are the same for everybody and kept in memory."""

import hashlib
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from server.guide.documents import DOCUMENTS, Document
from server.guide.markdown import Rendered, render
from server.pages.color_scheme import SYSTEM

NAMES = {document.name: document for document in DOCUMENTS}
# Headings up to this level are listed at the beginning of a page.
LISTED_LEVEL = 2


class Page(NamedTuple):
    """A page: its bytes, and the ETag that says which they are."""

    content: bytes
    etag: str


def prepare() -> None:
    """Make all pages, so that no request has to wait for that, or meets a document that is broken."""
    for name in NAMES:
        page(name, SYSTEM)


@cache
def page(name: str, color_scheme: str) -> Page:
    """Return a page.

    Args:
        name: one of `NAMES`.
        color_scheme: `light`, `dark`, or empty where the device decides.
    """
    document = NAMES[name]
    place = DOCUMENTS.index(document)
    shown = rendered(document)
    context = {
        "product_name": settings.PRODUCT_NAME,
        "color_scheme": color_scheme,
        "title": shown.title,
        "is_first": place == 0,
        "html": shown.html,
        "headings": [heading for heading in shown.headings if heading.level <= LISTED_LEVEL],
        "links": [(label_of(each), each.url, each is document) for each in DOCUMENTS],
        "following": next(((label_of(each), each.url) for each in DOCUMENTS[place + 1 :]), None),
    }
    content = render_to_string("guide/page.html", context).encode()
    return Page(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def label_of(document: Document) -> str:
    """Return what links call a document: its title, which for the first is that of the whole guide."""
    return rendered(document).title if document.name else "Start here"


@cache
def rendered(document: Document) -> Rendered:
    """Return a document as HTML."""
    return render(document.text(), document.url_of)
