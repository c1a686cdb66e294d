"""The list: OAuth2 Applications, under "System"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import administrator_required
from oauthapps.console.forms.creation import NewApplicationForm
from oauthapps.console.idempotency import new_key
from oauthapps.console.summaries import summaries
from oauthapps.models import Application
from oauthapps.models.applications import APPLICATION_LIMIT


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Lead from "System", and from the list's other names, to the list."""
    return redirect("console:applications")


@administrator_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """List the applications, by name."""
    rows = summaries(Application.objects.live().order_by("name", "pk"))
    context = {
        "rows": rows,
        "limit": APPLICATION_LIMIT,
        "is_full": len(rows) >= APPLICATION_LIMIT,
        "form": NewApplicationForm(),
        "form_id": new_key(),
    }
    return render(request, "console/applications.html", context)
