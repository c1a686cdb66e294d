"""What the integration guide is made of: documents of this repository, in the order in which they are read.

They are written for an installation at `http://localhost:8000`; each page has the URLs of this one instead.
"""

import posixpath
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse

WRITTEN_FOR = "http://localhost:8000"
HOST_WRITTEN_FOR = "gatehouse.example.com"


class Document(NamedTuple):
    """One of them.

    Attributes:
        name: what its page is called in URLs; empty for the first one.
        source: its path in the repository.
    """

    name: str
    source: str

    @property
    def url(self) -> str:
        """The path of its page."""
        return reverse("guide:page", args=[f"{self.name}/"]) if self.name else reverse("guide:contents")

    def text(self) -> str:
        """Read it, with the URLs and the host of this installation."""
        text = Path(settings.BASE_DIR, self.source).read_text(encoding="utf-8")
        for written, own in own_addresses():
            text = text.replace(written, own)
        return text

    def url_of(self, link: str) -> str:
        """Return where a link in it leads on its page; empty for a file that has no page."""
        target = urlsplit(link)
        if target.scheme or not target.path:
            return link
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.source), target.path))
        linked = next((each for each in DOCUMENTS if each.source == path), None)
        return linked.url + (f"#{target.fragment}" if target.fragment else "") if linked else ""


def own_addresses() -> tuple[tuple[str, str], ...]:
    """Return what documents say of another installation, each with what this one says instead."""
    base_url = str(settings.BASE_URL)
    return (
        (WRITTEN_FOR, base_url),
        (quote(WRITTEN_FOR, safe=""), quote(base_url, safe="")),
        (HOST_WRITTEN_FOR, urlsplit(base_url).netloc),
    )


DOCUMENTS = (
    Document("", "docs/guide/index.md"),
    Document("web", "docs/guide/web.md"),
    Document("single-page", "docs/guide/single-page.md"),
    Document("machine-to-machine", "docs/guide/machine-to-machine.md"),
    Document("refresh", "docs/guide/refresh.md"),
    Document("apis", "docs/guide/apis.md"),
    Document("endpoints", "docs/endpoints.md"),
    Document("errors", "docs/guide/errors.md"),
    Document("libraries", "docs/clients.md"),
    Document("moving", "docs/guide/moving.md"),
    Document("identity-providers", "docs/guide/identity-providers.md"),
)
