"""Where a form leads on to that names its next page: to a page of this origin, however long its query."""

from django.http import HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

# Characters of a URL that this server can still be asked for: it reads 64 KiB of headers, cookies among them.
LONGEST = 56 * 1024


def is_own_page(url: str) -> bool:
    """Return whether a URL is the path of a page of this origin, with or without a query.

    Django judges the path. It takes any URL of more than 2,048 characters for unsafe, which many an
    authorization request has, but a query cannot lead to another origin.
    """
    path = url.partition("?")[0]
    return (
        len(url) <= LONGEST
        and path.startswith("/")
        and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    )


def redirect_to_page(url: str) -> HttpResponseRedirect:
    """Return the redirect to a page of this origin; Django's own may have no more than 16,384 characters.

    Args:
        url: a path, with its query as far as it has one.
    """
    response = HttpResponseRedirect(resolve_url("home"))
    response["Location"] = iri_to_uri(url)
    return response
