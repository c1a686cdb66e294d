"""Cross-origin requests of single page applications (Fetch standard).

A preflight names no client, so it is answered for the registered origins of any enabled single page
application. Credentials are never allowed: cookies mean nothing at these endpoints.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from oauthapps.app_types import AppType
from oauthapps.models import Application, RedirectURL
from oauthapps.redirect_urls import origin_of

View = Callable[..., HttpResponseBase]
ALLOWED_HEADERS = "authorization, content-type, sessionid"
PREFLIGHT_SECONDS = "600"


def cross_origin(view: View) -> View:
    """Let scripts of registered origins read the view's answers, errors included."""

    @wraps(view)
    def answered(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
        origin = request.META.get("HTTP_ORIGIN", "")
        preflight = is_preflight(request)
        response = HttpResponse(status=204) if preflight else view(request, *args, **kwargs)
        patch_vary_headers(response, ["Origin"])
        if origin and is_registered(origin):
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After"
            if preflight:
                response["Access-Control-Allow-Methods"] = "GET, POST"
                response["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
                response["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        return response

    return answered


def public(view: View) -> View:
    """Let scripts of every origin read the view's answers: they are the same for everybody."""

    @wraps(view)
    def answered(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
        preflight = is_preflight(request)
        response = HttpResponse(status=204) if preflight else view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        if preflight:
            response["Access-Control-Allow-Methods"] = "GET"
            response["Access-Control-Allow-Headers"] = "*"
            response["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        return response

    return answered


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a browser asks for permission rather than for an answer."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def is_registered(origin: str) -> bool:
    """Return whether an enabled single page application has a redirect URL of this origin."""
    applications = Application.objects.enabled().of_type(AppType.SINGLE_PAGE)
    urls = RedirectURL.objects.filter(application__in=applications).values_list("url", flat=True)
    return any(origin_of(url) == origin for url in urls)
