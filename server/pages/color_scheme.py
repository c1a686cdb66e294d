"""The color scheme a person chose: a cookie, so that the first byte of every page already knows it."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import resolve_url

from accounts.access import posted_from
from accounts.pages.next_pages import is_own_page, redirect_to_page

COOKIE = "color_scheme"
COOKIE_SECONDS = 365 * 24 * 60 * 60
SYSTEM = ""  # what the device says; there is no cookie then
CHOICES = {SYSTEM: "System", "light": "Light", "dark": "Dark"}


def chosen(request: HttpRequest) -> str:
    """Return `light`, `dark`, or nothing where the device decides."""
    value = request.COOKIES.get(COOKIE, SYSTEM)
    return value if value in CHOICES else SYSTEM


@login_not_required
@posted_from("home")
def choose(request: HttpRequest) -> HttpResponse:
    """Remember a color scheme for a year and lead back to the page it was chosen on."""
    value = request.POST.get("color_scheme", SYSTEM)
    if value not in CHOICES:
        return HttpResponseBadRequest("Unknown color scheme.", content_type="text/plain")
    response = redirect_to_page(page_to_return_to(request))
    if value == SYSTEM:
        response.delete_cookie(COOKIE, samesite="Lax")
    else:
        response.set_cookie(
            COOKIE,
            value,
            max_age=COOKIE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def page_to_return_to(request: HttpRequest) -> str:
    """Return the page of ours that the form names, or the start page."""
    url = request.POST.get("next", "")
    return url if is_own_page(url) else resolve_url("home")
