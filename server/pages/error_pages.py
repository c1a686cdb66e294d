"""Answers that Django gives before any of our views is asked.

Django's own views for them look for a CSRF token first: a form that cannot be read would make them fail too.
"""

import re
import sys

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from oauthapps.console.lookup import InBinError
from oauthapps.errors import InDoubtError
from oauthapps.http.errors import error_response
from oauthapps.http.messages import ApiRequest, ApiResponse, to_django_response
from server.faults import drop_connection, is_passing

# The paths of API clients, to which a page would be no answer, and the two among them for browsers.
API_PATHS = (
    *("/integrations/", "/.well-known/", "/api/", "/attask/", "/scim/", "/accounts/logout/provider/"),
    *("/healthz/", "/readyz/", "/metrics/"),
)
BROWSER_PATHS = ("/integrations/oauth2/authorize", "/.well-known/change-password")
SLASHES = re.compile("//+")
# After this many seconds a client may come again to a database that did not answer.
RETRY_SECONDS = 5


def is_api_path(path: str) -> bool:
    """Return whether a path belongs to API clients, however it is spelled.

    Args:
        path: as the server writes it.
    """
    plain = SLASHES.sub("/", f"{path}/").lower()
    return plain.startswith(API_PATHS) and not plain.startswith(BROWSER_PATHS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request cannot be read at all: to API clients in JSON, to people on a page."""
    if isinstance(exception, DisallowedHost):
        return wrong_host(request)
    if is_api_path(request.path):
        return in_json(400, "invalid_request", "The request could not be read.")
    return page(request, 400, "400.html")


def wrong_host(request: HttpRequest) -> HttpResponse:
    """Say where this server is, and which setting says so, whatever host was asked for."""
    if is_api_path(request.path):
        return in_json(400, "invalid_request", WRONG_HOST)
    return page(request, 400, "wrong_host.html", base_url=settings.BASE_URL)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at this URL: to API clients in JSON, to people on a page.

    In System it says so of an application that was deleted, and leads to the bin.
    """
    if is_api_path(request.path):
        return to_django_response(no_such_endpoint())
    if isinstance(exception, InBinError):
        return render(request, "console/bin/in_bin.html", {"application": exception.application}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it was our fault: to API clients in JSON (RFC 6749 section 5.2), to people on a page.

    A database that is out of reach or busy is a matter of time: 503 tells clients to come again. Where
    something may have been done already, people are asked to look; programs repeat what can be repeated.
    """
    error = sys.exception()
    if not is_passing(error):
        return told(request, 500, "server_error", OUR_FAULT, "500.html")
    drop_connection(error)
    is_in_doubt = isinstance(error, InDoubtError)
    if is_in_doubt and not is_api_path(request.path):
        return page(request, 500, "in_doubt.html")
    message = IN_DOUBT if is_in_doubt else UNAVAILABLE
    response = told(request, 503, "temporarily_unavailable", message, "500.html")
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


WRONG_HOST = (
    "The Host header does not name this server: use the host of the issuer URL. Operators: BASE_URL sets it, "
    "and a proxy must pass on the Host header."
)
OUR_FAULT = "Internal server error. Give the operator the X-Request-Id of this response."
UNAVAILABLE = (
    "The database is temporarily unavailable and nothing was changed. Retry after the number of seconds in "
    "Retry-After."
)
IN_DOUBT = (
    "The database connection was lost during this request, so the change may or may not have been saved. "
    "Send the same request again after the number of seconds in Retry-After. If a code or assertion is "
    "refused then, it was used: authorize again, or sign a new JWT."
)


def told(request: HttpRequest, status: int, error: str, message: str, template: str) -> HttpResponse:
    """Return the answer that says so."""
    if is_api_path(request.path):
        return in_json(status, error, message)
    return page(request, status, template)


def page(request: HttpRequest, status: int, template: str, **more: str) -> HttpResponse:
    """Return a page that needs nothing but the request's id, which may be missing too, and what is given."""
    context = {"request_id": getattr(request, "request_id", ""), **more}
    return HttpResponse(render_to_string(template, context), status=status)


def in_json(status: int, error: str, message: str) -> HttpResponse:
    """Return an error as API clients read them."""
    return to_django_response(error_response(status, error, message))


def no_such_endpoint(_request: ApiRequest | None = None) -> ApiResponse:
    """Tell an API client that there is no endpoint at this URL."""
    return error_response(404, "not_found", "There is no endpoint at this URL.")
