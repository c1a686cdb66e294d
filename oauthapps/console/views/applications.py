"""The list: OAuth2 Applications, under "System"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import administrator_required
from oauthapps.console.standing import standings
from oauthapps.models import Application
from oauthapps.models.applications import APPLICATION_LIMIT


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Lead from "System" to its first page."""
    return redirect("console:applications")


@administrator_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """List the applications, by name."""
    rows = standings(Application.objects.live().order_by("name", "pk"))
    return render(request, "console/applications.html", {"rows": rows, "limit": APPLICATION_LIMIT})
