"""Where two redirect URIs differ, and which registered one was meant."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oauthapps.errors import InvalidRedirectURLError
from oauthapps.http.messages import Explanation
from oauthapps.models import Application, RedirectURL
from oauthapps.rules import credential_values, masking
from oauthapps.rules.urls.redirect_urls import check_redirect_url

LONGEST_URL = 2048
MOST_URLS = 50
# What a redirect URI has no reason to hold: a credential of ours, a JWT, or a value that is no word.
CREDENTIAL = re.compile(
    rf"(?:{'|'.join(credential_values.PREFIXES)}|eyJ)[\w.~+/=-]+|(?<==)(?![a-z/-]+(?:[&#]|$))[^&#\s]{{8,}}",
    re.ASCII,
)
REMOVED = "[removed]"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Where two redirect URIs differ first.

    Attributes:
        at: the number of the first character that differs, the first of all being 1.
        words: what differs there, to follow that number.
        details: both, and the number, for pages.
    """

    at: int
    words: str
    details: Mapping[str, Any]


def difference(sent: str, registered: str) -> Difference:
    """Return where a redirect URI that was sent differs from the one that it should be."""
    at = common_beginning(sent, registered) + 1
    details = {"sent": without_credentials(sent), "registered": registered, "difference_at": at}
    return Difference(at=at, words=in_words(sent, registered, at), details=details)


def in_words(sent: str, registered: str, at: int) -> str:
    """Return what differs, to follow the number, where there is a word for it."""
    schemes = sent.partition(":")[0], registered.partition(":")[0]
    without_scheme = sent.partition(":")[2] == registered.partition(":")[2]
    words = {
        ": it has a trailing slash": sent == f"{registered}/",
        ": it lacks the trailing slash": registered == f"{sent}/",
        f": it begins with {schemes[0]}, not {schemes[1]}": without_scheme
        and set(schemes) == {"http", "https"},
        ": capital letters count": sent.lower() == registered.lower(),
        ": the query differs": sent.partition("?")[0] == registered.partition("?")[0],
        ": it ends there": at > len(sent),
    }
    return next((said for said, is_so in words.items() if is_so), "")


def common_beginning(first: str, second: str) -> int:
    """Return how many characters two texts begin with in common."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))


def closest(sent: str, registered: Iterable[str]) -> str:
    """Return the one that has most in common with what was sent, at its beginning and end; empty for none."""
    return max(registered, key=lambda url: likeness(sent, url), default="")


def likeness(sent: str, registered: str) -> int:
    """Return how many characters two URLs have in common at their ends, whatever their schemes."""
    ours, theirs = (url.partition("://")[2].lower() for url in (sent, registered))
    return common_beginning(ours, theirs) + common_beginning(ours[::-1], theirs[::-1])


def not_registered(client_id: str, sent: str) -> Explanation:
    """Return why a redirect URI was refused: it is none of the application's.

    Args:
        client_id: of an enabled application to which people sign in.
        sent: the redirect URI.
    """
    application = Application.objects.get(client_id=client_id)
    urls = list(RedirectURL.objects.filter(application=application).values_list("url", flat=True)[:MOST_URLS])
    add = "Add it under Settings › Redirect URLs if it is the client's own"
    if not urls:
        return Explanation(
            "The application has no Redirect URLs, so nobody can be sent back to it.",
            f"{add}.",
            {"sent": without_credentials(sent), "can_add": can_add(sent, application)},
        )
    found = difference(sent, closest(sent, urls))
    which = "the registered one" if len(urls) == 1 else f"the closest of {len(urls)} registered ones"
    return Explanation(
        f"redirect_uri differs from {which} at character {found.at}{found.words}.",
        f"{add}; otherwise send the registered one, character for character.",
        {**found.details, "can_add": can_add(sent, application)},
    )


def can_add(sent: str, application: Application) -> bool:
    """Return whether a redirect URI could be registered as it was sent."""
    if without_credentials(sent) != sent:
        return False
    try:
        return check_redirect_url(sent, app_type=application.app_type) == sent
    except InvalidRedirectURLError:
        return False


def without_credentials(sent: str) -> str:
    """Return a redirect URI without what could be a credential in it, and no longer than a registered one."""
    return CREDENTIAL.sub(REMOVED, masking.USERINFO.sub("…", sent[:LONGEST_URL]))
