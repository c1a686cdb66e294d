"""The redirect URI of a request that was refused beside the one that is registered, and whether to add it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from oauthapps.errors import InvalidRedirectURLError
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules.urls.redirect_urls import check_redirect_url, display_host

NO_APPLICATION = "No application that could have it is known here."
NO_REDIRECT_URLS = "Applications of this type have no Redirect URLs."
SENT_OTHERWISE = "It would be stored with scheme and host in lowercase: let the client send it like that."


@dataclass(frozen=True, kw_only=True)
class MarkedURL:
    """A URL in three parts: what comes before a difference, what is different, and what follows.

    What could not be seen is written as an escape sequence.
    """

    before: str
    different: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RedirectMismatch:
    """Two URLs that should have been one.

    Attributes:
        application: the client's application; None where there is none, or no longer.
        sent: the redirect URI that came, as far as it was recorded.
        registered: the one that it should have been: the registered one that it is most like, or at the token
            endpoint that of the authorization request; empty where there is none.
        may_be_added: whether it was recorded whole, and was one that the application could have.
    """

    application: Application | None
    sent: str
    registered: str
    may_be_added: bool

    @classmethod
    def of(cls, request: RecordedRequest) -> Self | None:
        """Return the mismatch of a recorded request; None where it was about something else."""
        sent, registered = request.details.get("sent"), request.details.get("registered")
        if not isinstance(sent, str) or not sent:
            return None
        application = request.application
        return cls(
            application=application if application and application.is_live else None,
            sent=sent,
            registered=registered if isinstance(registered, str) else "",
            may_be_added=request.details.get("can_add") is True,
        )

    @property
    def host(self) -> str:
        """Where the one that came leads, in a form that cannot be mistaken for another place."""
        return display_host(self.sent)

    @property
    def sent_marked(self) -> MarkedURL:
        """The one that came, with the difference marked."""
        return marked(self.sent, self.registered)

    @property
    def registered_marked(self) -> MarkedURL:
        """The registered one, likewise."""
        return marked(self.registered, self.sent)

    @cached_property
    def is_registered(self) -> bool:
        """Whether the application has the URL by now."""
        return self.application is not None and self.application.redirect_urls.filter(url=self.sent).exists()

    @cached_property
    def problem(self) -> str:
        """Why it cannot be added, in a sentence; empty where it can."""
        if self.application is None:
            return NO_APPLICATION
        if not self.application.type.has_redirect_urls:
            return NO_REDIRECT_URLS
        try:
            stored = check_redirect_url(self.sent, app_type=self.application.app_type)
        except InvalidRedirectURLError as error:
            return error.message
        return "" if stored == self.sent else SENT_OTHERWISE

    @property
    def can_be_added(self) -> bool:
        """Whether the application can have it and does not yet."""
        return self.may_be_added and not self.problem and not self.is_registered


def marked(url: str, other: str) -> MarkedURL:
    """Return a URL with what is different in it from another one."""
    start = alike(url, other)
    rest, other_rest = url[start:], other[start:]
    end = len(rest) - alike(rest[::-1], other_rest[::-1])
    return MarkedURL(before=visible(url[:start]), different=visible(rest[:end]), after=visible(rest[end:]))


def alike(one: str, other: str) -> int:
    """Return how many characters at the beginning of two texts are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def visible(text: str) -> str:
    """Return a text with escape sequences in place of characters that cannot be seen."""
    return "".join(each if each.isprintable() else f"\\u{{{ord(each):x}}}" for each in text)
