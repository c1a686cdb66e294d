"""Where signing in leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import signed_in_user
from accounts.views.passwords import reason_against


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead whoever may reach System to the applications and tell members what they can do here."""
    if signed_in_user(request).has_system_access:
        return redirect("console:applications")
    return render(request, "people/home.html", {"has_password": not reason_against(signed_in_user(request))})
