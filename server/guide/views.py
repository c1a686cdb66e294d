"""The integration guide: open to everybody, without a session, and without the database."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from server.guide import pages
from server.pages.color_scheme import chosen

# A new version of this installation may say something else.
CACHE_CONTROL = "public, max-age=3600"


@login_not_required
@csrf_exempt  # nothing is changed here, and no session is looked at
@require_safe
def page(request: HttpRequest, path: str = "") -> HttpResponseBase:
    """Return a page of the guide, in the color scheme that was chosen.

    Args:
        request: the request.
        path: the page's name and a slash; empty for the first page.
    """
    name = path.removesuffix("/")
    if name not in pages.NAMES or path.startswith("/"):
        return not_found(request)
    document = pages.NAMES[name]
    if document.url != request.path:
        return HttpResponsePermanentRedirect(document.url)
    found = pages.page(name, chosen(request))
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": found.etag}
    response = HttpResponse(found.content, headers=headers)
    patch_vary_headers(response, ["Cookie"])
    return get_conditional_response(request, etag=found.etag, response=response) or response


def not_found(request: HttpRequest) -> HttpResponse:
    """Say that there is no such page, without asking whose session it is."""
    context = {
        "product_name": settings.PRODUCT_NAME,
        "color_scheme": chosen(request),
        "request_id": getattr(request, "request_id", ""),
    }
    return HttpResponse(render_to_string("404.html", context), status=404)
