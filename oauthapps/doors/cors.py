"""Cross-origin requests of single page applications (Fetch standard).

A preflight names no client, so it is answered for the registered origins of any enabled single page
application. Credentials are never allowed: cookies mean nothing at these endpoints.
"""

from functools import wraps

from oauthapps.app_types import AppType
from oauthapps.doors.programs import Answer, Answering, ProgramRequest
from oauthapps.models import Application, RedirectURL
from oauthapps.redirect_urls import origin_of

ALLOWED_HEADERS = "authorization, content-type, sessionid"
PREFLIGHT_SECONDS = "600"


def cross_origin(answer: Answering) -> Answering:
    """Let scripts of registered origins read the answers, errors included."""

    @wraps(answer)
    def answered(request: ProgramRequest) -> Answer:
        origin = request.environ.get("HTTP_ORIGIN", "")
        preflight = is_preflight(request)
        response = Answer(204) if preflight else answer(request)
        response.headers["Vary"] = "Origin"
        if origin and is_registered(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After"
            if preflight:
                response.headers |= allowing(methods="GET, POST", headers=ALLOWED_HEADERS)
        return response

    return answered


def public(answer: Answering) -> Answering:
    """Let scripts of every origin read the answers: they are the same for everybody."""

    @wraps(answer)
    def answered(request: ProgramRequest) -> Answer:
        preflight = is_preflight(request)
        response = Answer(204) if preflight else answer(request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        if preflight:
            response.headers |= allowing(methods="GET", headers="*")
        return response

    return answered


def is_preflight(request: ProgramRequest) -> bool:
    """Return whether a browser asks for permission rather than for an answer."""
    return request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ


def allowing(*, methods: str, headers: str) -> dict[str, str]:
    """Return the headers that give a browser the permission it asks for."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": headers,
        "Access-Control-Max-Age": PREFLIGHT_SECONDS,
    }


def is_registered(origin: str) -> bool:
    """Return whether an enabled single page application has a redirect URL of this origin."""
    applications = Application.objects.enabled().of_type(AppType.SINGLE_PAGE)
    urls = RedirectURL.objects.filter(application__in=applications).values_list("url", flat=True)
    return any(origin_of(url) == origin for url in urls)
