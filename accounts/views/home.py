"""Where signing in leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import signed_in_user


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead administrators to the applications and tell members what they can do here."""
    if signed_in_user(request).is_administrator:
        return redirect("console:applications")
    return render(request, "people/home.html")
