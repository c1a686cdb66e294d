"""Answers that Django gives before any of our views is asked."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

# Where programs ask: a page would be no answer to them.
FOR_PROGRAMS = ("/integrations/oauth2/api/", "/.well-known/", "/api/", "/attask/")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in plain words that a form was too old or came from elsewhere."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request cannot be read at all: to programs in JSON, to people on a page."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_json(400, "invalid_request", "The request could not be read.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it was our fault: to programs in JSON (RFC 6749 section 5.2), to people on a page."""
    if request.path.startswith(FOR_PROGRAMS):
        return as_json(500, "server_error", "The request met an error on this side. Try again later.")
    return defaults.server_error(request)


def as_json(status: int, error: str, message: str) -> JsonResponse:
    """Return an error as our endpoints send them."""
    body = {
        "error": error,
        "error_description": message,
        "statusCode": status,
        "type": error,
        "message": message,
    }
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
