"""The content security policy of every response, and which windows keep hold of each other."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from oauthapps.oauth2.client_windows import is_answer_to_client, is_on_the_way

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


def headers_of_every_response(*, is_secure: bool) -> dict[str, str]:
    """Return what Django's middlewares and ours say in a response to an API client.

    Args:
        is_secure: whether the client came by https.
    """
    headers = {
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Content-Security-Policy": content_security_policy(restrict_form_targets=True),
    }
    if is_secure and settings.SECURE_HSTS_SECONDS:
        subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        value = f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{preload}"
        headers["Strict-Transport-Security"] = value
    return headers


class SecurityHeadersMiddleware:
    """Sets `Content-Security-Policy` where a view has not set its own, and keeps pages out of caches.

    Two rules are loosened on the way of an authorization request, in every answer, redirects included.
    Chromium applies `form-action` to the redirect that answers a form, which goes to the client: Allow would
    seem dead after the code has been issued. And the client may have opened the window and wait for it:
    Django's `Cross-Origin-Opener-Policy: same-origin` would part the two for good. The first is loosened
    too on pages with a form that leads to an identity provider (`leads_to_provider`, set by their views).
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.everywhere = content_security_policy(restrict_form_targets=True)
        self.towards_clients = content_security_policy(restrict_form_targets=False)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: object
    ) -> HttpResponse | None:
        """Refuse TRACE wherever a cookie means something: it would be a way to see what a browser sends."""
        if getattr(view, "csrf_exempt", False):
            return None
        if request.method == "TRACE":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        request.is_on_the_way = is_on_the_way(request)  # type: ignore[attr-defined]
        return None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers."""
        response = self.get_response(request)
        leads_to_client = getattr(request, "is_on_the_way", False) or is_answer_to_client(request, response)
        if leads_to_client:
            response["Cross-Origin-Opener-Policy"] = "unsafe-none"
        if "Content-Security-Policy" not in response:
            leads_elsewhere = leads_to_client or getattr(request, "leads_to_provider", False)
            response["Content-Security-Policy"] = self.towards_clients if leads_elsewhere else self.everywhere
        if response.get("Content-Type", "").startswith("text/html") and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response
