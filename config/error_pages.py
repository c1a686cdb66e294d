"""Answers that Django gives before any of our views is asked."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

# Where programs ask: a page would be no answer to them.
FOR_PROGRAMS = ("/integrations/oauth2/api/", "/.well-known/", "/api/", "/attask/")
SERVER_ERROR = {
    "error": "server_error",
    "error_description": "The request met an error on this side. Try again later.",
    "statusCode": 500,
    "type": "server_error",
    "message": "The request met an error on this side. Try again later.",
}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in plain words that a form was too old or came from elsewhere."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it was our fault: to programs in JSON (RFC 6749 section 5.2), to people on a page."""
    if request.path.startswith(FOR_PROGRAMS):
        return JsonResponse(SERVER_ERROR, status=500, headers={"Cache-Control": "no-store"})
    return defaults.server_error(request)
