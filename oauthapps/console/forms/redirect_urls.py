"""Redirect URLs as rows of one field each, which can be added and removed without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from oauthapps.errors import InvalidRedirectURLError
from oauthapps.models import Application
from oauthapps.redirect_urls import check_redirect_url

FIELD, ADD, REMOVE = "redirect_url", "add", "remove"
MOST_ROWS = 50


@dataclass
class Row:
    """One Redirect URL as entered, and what is wrong with it."""

    number: int
    url: str
    error: str = ""

    @property
    def id(self) -> str:
        """The field's id in the page."""
        return f"id_{FIELD}_{self.number}"

    @property
    def label(self) -> str:
        """How the page and the errors call it."""
        return f"Redirect URL {self.number}"


class RedirectURLRows:
    """The rows of one application.

    Attributes:
        was_added: Add was pressed, so nothing is saved yet and the new row gets the focus.
        was_removed: Remove was pressed, likewise.
        stored_urls: what is saved now.
    """

    def __init__(self, application: Application, urls: Sequence[str], stored: Sequence[str]) -> None:
        self.application = application
        self.rows = [Row(number, url) for number, url in enumerate(urls or [""], start=1)]
        self.stored_urls = list(stored)
        self.was_added = False
        self.was_removed = False

    @classmethod
    def stored(cls, application: Application) -> RedirectURLRows:
        """Return the rows as they are saved."""
        urls = _stored(application)
        return cls(application, urls, urls)

    @classmethod
    def sent(cls, application: Application, data: QueryDict) -> RedirectURLRows:
        """Return the rows as they were entered, after a press of Add or Remove where there was one."""
        urls = data.getlist(FIELD)[:MOST_ROWS]
        urls = [url for number, url in enumerate(urls, start=1) if str(number) != data.get(REMOVE)]
        if ADD in data and len(urls) < MOST_ROWS:
            urls.append("")
        rows = cls(application, urls, _stored(application))
        rows.was_added = ADD in data
        rows.was_removed = REMOVE in data
        return rows

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return iter(self.rows)

    @property
    def were_edited(self) -> bool:
        """Whether the form was sent by Add or Remove rather than by Save."""
        return self.was_added or self.was_removed

    @property
    def urls(self) -> list[str]:
        """What was entered, without empty rows."""
        return [row.url for row in self.rows if row.url.strip()]

    @property
    def has_errors(self) -> bool:
        """Whether any row was refused."""
        return any(row.error for row in self.rows)

    def is_valid(self) -> bool:
        """Judge every row, and the lack of any, and return whether all is well."""
        if not self.application.type.has_redirect_urls:
            return True
        if not self.urls:
            self.rows[0].error = "Enter at least one address: without one, nobody can use the application."
        for row in self.rows:
            if row.url.strip():
                row.error = self._judge(row)
        return not self.has_errors

    def _judge(self, row: Row) -> str:
        try:
            check_redirect_url(row.url, app_type=self.application.app_type)
        except InvalidRedirectURLError as error:
            return error.message
        first = next(other.number for other in self.rows if other.url == row.url)
        return f"This is the same address as Redirect URL {first}." if first != row.number else ""


def _stored(application: Application) -> list[str]:
    if not application.type.has_redirect_urls:
        return []
    return [row.url for row in application.redirect_urls.all()]
