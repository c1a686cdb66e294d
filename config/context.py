"""What every template may say about the installation."""

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, object]:
    """Return the product's name, the colour scheme the person chose and the request's id."""
    scheme = request.COOKIES.get("color_scheme", "")
    return {
        "product_name": settings.PRODUCT_NAME,
        "color_scheme": scheme if scheme in {"light", "dark"} else "",
        "request_id": getattr(request, "request_id", ""),
    }
