"""The list: OAuth2 Applications, under "System"."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from accounts.services.mail import can_send
from oauthapps.console.ending_credentials import all_endings
from oauthapps.console.exceptions import ending_soon
from oauthapps.console.forms.applications import ApplicationFilters
from oauthapps.console.forms.creation import NewApplicationForm
from oauthapps.console.idempotency import new_key
from oauthapps.console.summaries import summaries
from oauthapps.console.usage.weeks import weeks_of
from oauthapps.models import Application

APPLICATIONS_PER_PAGE = 50
SEEN_AT_A_GLANCE = 10
# What a message about a deletion is tagged with, before the Client ID: it offers Undo.
UNDO = "undo-"


@auditor_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Lead from "System", and from the list's other names, to the list."""
    return redirect("console:applications")


@auditor_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """List the applications by name, and more than ten as they were asked for."""
    slots = Application.objects.slots()
    has_filters = slots.used > SEEN_AT_A_GLANCE
    asked = ApplicationFilters(request.GET if has_filters else {})
    page = Paginator(asked.select(), APPLICATIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "slots": slots,
        "has_filters": has_filters,
        "asked": asked,
        "page": page,
        "rows": summaries(page, weeks_of(page)),
        "ending_soon": ending_soon(),
        "endings": all_endings(),
        "can_send": can_send(),
        "form": NewApplicationForm(),
        "form_id": new_key(),
        "in_bin": Application.objects.in_bin().count(),
        **messages_with_undo(request),
    }
    return render(request, "console/applications.html", context)


def messages_with_undo(request: HttpRequest) -> dict[str, Any]:
    """Return the messages, those apart that say what was deleted: with the Client ID to restore it by."""
    tagged = [(message, message.extra_tags or "") for message in messages.get_messages(request)]
    return {
        "messages": [message for message, tag in tagged if not tag.startswith(UNDO)],
        "deletions": [(message, tag.removeprefix(UNDO)) for message, tag in tagged if tag.startswith(UNDO)],
    }
