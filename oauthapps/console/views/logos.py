"""Logos, for the consent page and the console alike: open to everyone, cached for ever."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from oauthapps.models import Logo

HEADERS = {
    # The URL names the picture's digest: another picture has another URL.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@login_not_required
@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001
    """Return the PNG of that digest while a live application has it."""
    found = Logo.objects.filter(digest=digest, application__deleted_at=None).first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.png), content_type="image/png", headers=HEADERS)
