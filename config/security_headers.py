"""The content security policy of every response."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.urls import reverse

View = Callable[[HttpRequest], HttpResponse]

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
}


def content_security_policy(*, restrict_form_targets: bool) -> str:
    """Return the header's value, with or without `form-action`."""
    return "; ".join(
        f"{name} {value}"
        for name, value in DIRECTIVES.items()
        if restrict_form_targets or name != "form-action"
    )


class SecurityHeadersMiddleware:
    """Sets `Content-Security-Policy` where a view has not set its own, and keeps pages out of caches.

    Chromium applies `form-action` to the redirect that answers a form. On the consent page, and on sign-in
    pages on the way to it, that redirect goes to the client: there the directive is left out, or Allow would
    seem dead after the code has been issued.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.everywhere = content_security_policy(restrict_form_targets=True)
        self.towards_clients = content_security_policy(restrict_form_targets=False)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: object
    ) -> HttpResponse | None:
        """Refuse TRACE wherever a cookie means something: it would be a way to see what a browser sends."""
        if request.method == "TRACE" and not getattr(view, "csrf_exempt", False):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers."""
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if "Content-Security-Policy" not in response:
            leads_to_client = is_page and leads_to_authorization(request)
            response["Content-Security-Policy"] = self.towards_clients if leads_to_client else self.everywhere
        if is_page and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


def leads_to_authorization(request: HttpRequest) -> bool:
    """Return whether this page is, or on success leads back to, the authorization endpoint."""
    authorize = reverse("oauth2_provider:authorize")
    return authorize in (request.path, path_of(next_page(request)))


def next_page(request: HttpRequest) -> str:
    """Return where the request's form leads; nothing where it cannot be read, which has been answered."""
    try:
        return request.POST.get("next") or request.GET.get("next", "")
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError):
        return ""


def path_of(url: str) -> str:
    """Return the path of an address; nothing where it is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
