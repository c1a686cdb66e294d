"""Redirect URLs as rows of one field each, which can be added and removed without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from oauthapps.errors import InvalidRedirectURLError
from oauthapps.models import Application
from oauthapps.rules.urls.redirect_url_text import MAX_REDIRECT_URLS, TOO_MANY, check_number, separate, tidy
from oauthapps.rules.urls.redirect_urls import check_redirect_url

FIELD, ADD, REMOVE, WITHOUT = "redirect_url", "add", "remove", "without_redirect_urls"
# More than any form has of our fields; what holds more was not meant to be one list.
MOST_ROWS = 4 * MAX_REDIRECT_URLS
SEPARATED = "One field held several URLs. Each now has its own field. Check them, then save."


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
        problem: what is wrong with all of them together; empty if nothing is.
        was_added: Add was pressed, so nothing is saved yet and the new row gets the focus.
        was_removed: Remove was pressed, likewise.
        may_be_none: the person has said that the application is to be without Redirect URLs.
        stored_urls: what is saved now.
    """

    title, anchor = "Redirect URLs", "redirect-urls"
    most = MAX_REDIRECT_URLS
    too_many = TOO_MANY

    def __init__(self, application: Application, urls: Sequence[str], stored: Sequence[str]) -> None:
        self.application = application
        self.rows = [Row(number, url) for number, url in enumerate(urls or [""], start=1)]
        self.stored_urls = list(stored)
        self.problem = ""
        self.was_added = False
        self.was_removed = False
        self.may_be_none = False

    @classmethod
    def stored(cls, application: Application) -> RedirectURLRows:
        """Return the rows as they are saved."""
        urls = _stored(application)
        return cls(application, urls, urls)

    @classmethod
    def sent(cls, application: Application, data: QueryDict) -> RedirectURLRows:
        """Return the rows as they were entered, after a press of Add or Remove where there was one."""
        fields = enumerate(data.getlist(FIELD), start=1)
        texts = [text for number, text in fields if str(number) != data.get(REMOVE)]
        urls = [url for text in texts for url in separate(text)]
        if len(urls) > MOST_ROWS:  # each would have a field of its own, and be judged beside all others
            urls = texts
        wants_another = ADD in data and len(urls) == len(texts)
        is_full = wants_another and len(urls) >= MAX_REDIRECT_URLS
        rows = cls(application, [*urls, ""] if wants_another and not is_full else urls, _stored(application))
        rows.was_added = ADD in data
        rows.was_removed = REMOVE in data
        rows.may_be_none = WITHOUT in data
        rows.problem = SEPARATED if len(urls) > len(texts) else TOO_MANY if is_full else ""
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
        """What was entered, as it is to be stored, without empty rows."""
        return [self._as_stored(row) for row in self.rows if row.url.strip()]

    @property
    def has_errors(self) -> bool:
        """Whether any row was refused, or all of them together."""
        return bool(self.problem) or any(row.error for row in self.rows)

    @property
    def would_take_last(self) -> bool:
        """Whether saving would leave an application without Redirect URLs that has some, unconfirmed."""
        return bool(self.stored_urls) and not self.urls and not self.may_be_none

    def is_valid(self) -> bool:
        """Judge every row, and their number, and return whether all is well."""
        if not self.application.type.has_redirect_urls:
            return True
        first: dict[str, int] = {}
        for row in self.rows:
            if row.url.strip():
                url = self._as_stored(row)
                row.error = self._judge(url, row.number, first.setdefault(url, row.number))
        if not self.problem:
            self.problem = _too_many(self.urls)
        return not self.has_errors

    def _judge(self, url: str, number: int, first: int) -> str:
        """Return what is wrong with a URL, where another row may have had it first."""
        try:
            check_redirect_url(url, app_type=self.application.app_type)
        except InvalidRedirectURLError as error:
            return error.message
        return f"This is the same as Redirect URL {first}." if first != number else ""

    def _as_stored(self, row: Row) -> str:
        """Leave a URL that is already stored as it is: its history and its clients hang on it."""
        return row.url if row.url in self.stored_urls else tidy(row.url)


def _too_many(urls: Sequence[str]) -> str:
    try:
        check_number(urls)
    except InvalidRedirectURLError as error:
        return error.message
    return ""


def _stored(application: Application) -> list[str]:
    if not application.type.has_redirect_urls:
        return []
    return [row.url for row in application.redirect_urls.all()]
