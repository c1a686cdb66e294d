"""Decorators of API endpoints: the HTTP methods they allow, and scripts of other origins (Fetch standard).

A preflight names no client, so it is allowed for the registered origins of any enabled single page
application. Credentials are never allowed: cookies mean nothing at these endpoints. So a script may send
whatever headers it likes; tracing and error reporting add theirs to every request.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps

from oauthapps.http.errors import error_response
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView, Explanation, response_to_failure
from oauthapps.models import Application, RedirectURL
from oauthapps.rules.app_types import AppType
from oauthapps.rules.urls.redirect_urls import origin_of

ASKED_HEADERS = "Access-Control-Request-Headers"
# Names as RFC 9110 section 5.1 has them, and what separates them: nothing that could end a header.
HEADER_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1000}")
USUAL_HEADERS = "authorization, content-type, sessionid"
PREFLIGHT_SECONDS = "600"

RefuseMethod = Callable[[str, dict[str, str]], ApiResponse]


def method_refused(message: str, headers: dict[str, str]) -> ApiResponse:
    """Return the refusal of a method in the standard shape."""
    return error_response(405, "invalid_request", message, headers)


def allow_only(*methods: str, refuse: RefuseMethod = method_refused) -> Callable[[ApiView], ApiView]:
    """Return a decorator that refuses all other methods (RFC 9110 section 15.5.6).

    Args:
        methods: their names, in capitals.
        refuse: makes the response to any other, of a message and headers.
    """
    names = ", ".join(methods)

    def decorate(view: ApiView) -> ApiView:
        @wraps(view)
        def view_if_allowed(request: ApiRequest) -> ApiResponse:
            if request.environ["REQUEST_METHOD"] in methods or request.method in methods:
                return view(request)
            allowed = f"Only {' and '.join(methods)} {'is' if len(methods) == 1 else 'are'} allowed."
            response = refuse(allowed, {"Allow": names})
            explain = partial(Explanation, allowed, f"Send the request as {' or '.join(methods)}.")
            response.refusal = response.refusal and replace(response.refusal, explain=explain)
            return response

        return view_if_allowed

    return decorate


def cross_origin(view: ApiView) -> ApiView:
    """Let scripts of registered origins read the responses, errors and our own faults included."""

    @wraps(view)
    def with_headers(request: ApiRequest) -> ApiResponse:
        # Looked up before anything is used up: it may fail, too.
        preflight = is_preflight(request)
        headers = permission(request, preflight=preflight)
        response = ApiResponse(204) if preflight else respond(view, request)
        response.headers |= headers
        return response

    return with_headers


def public(view: ApiView) -> ApiView:
    """Let scripts of every origin read the responses: they are the same for everybody."""

    @wraps(view)
    def with_headers(request: ApiRequest) -> ApiResponse:
        preflight = is_preflight(request)
        response = ApiResponse(204) if preflight else respond(view, request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        if preflight:
            response.headers["Vary"] = ASKED_HEADERS
            response.headers |= allowing(methods="GET", headers=asked_headers(request, "*"))
        return response

    return with_headers


def respond(view: ApiView, request: ApiRequest) -> ApiResponse:
    """Answer a request, even if it meets an error on our side."""
    try:
        return view(request)
    except Exception as error:  # noqa: BLE001  # it becomes a response here so that scripts can read that one too
        return response_to_failure(error, request)


def permission(request: ApiRequest, *, preflight: bool) -> dict[str, str]:
    """Return the headers that let the request's origin read the response, if it is registered."""
    origin = request.environ.get("HTTP_ORIGIN", "")
    headers = {"Vary": f"Origin, {ASKED_HEADERS}" if preflight else "Origin"}
    if origin and is_registered(origin):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After, X-Request-Id"
        if preflight:
            headers |= allowing(methods="GET, POST", headers=asked_headers(request, USUAL_HEADERS))
    return headers


def is_preflight(request: ApiRequest) -> bool:
    """Return whether a browser asks for permission rather than for an answer."""
    return "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ and request.method == "OPTIONS"


def asked_headers(request: ApiRequest, otherwise: str) -> str:
    """Return the headers that a script wants to send; those given where it names none in a way to repeat."""
    asked = str(request.environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""))
    return asked if HEADER_NAMES.fullmatch(asked) else otherwise


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
