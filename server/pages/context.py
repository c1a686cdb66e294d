"""What every template may say about the installation."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest

from accounts.access import may_change
from config.version import VERSION
from server.pages import color_scheme


def product(request: HttpRequest) -> dict[str, object]:
    """Return the product's name and version, the color schemes, the page's URL and the request's id.

    And whether its reader may change what it shows, found out where a template asks, and until when they have
    to set up a second factor (`accounts.middleware.second_factor`).
    """
    return {
        "product_name": settings.PRODUCT_NAME,
        "product_version": VERSION,
        "color_scheme": color_scheme.chosen(request),
        "color_schemes": color_scheme.CHOICES,
        # Where choosing a color scheme leads back to: not to what answered a POST.
        "page_url": request.get_full_path() if request.method == "GET" else "",
        "request_id": getattr(request, "request_id", ""),
        "may_change": partial(may_change, request),
        "second_factor_deadline": getattr(request, "second_factor_deadline", None),
    }
