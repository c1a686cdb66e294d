"""Activity: what happened, who did it, when, and from where."""

from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import auditor_required, may_change
from audit.models import Event, EventQuerySet
from oauthapps.console.forms.activity import ActivityForm, ApplicationActivityForm, EventFilters
from oauthapps.console.lookup import find_application
from oauthapps.console.reverting.changes import offer_reverting
from oauthapps.console.sub_pages import ACTIVITY, render_sub_page
from oauthapps.models import RecordedRequest

EVENTS_PER_PAGE = 50
EVENTS_OF_APPLICATION = 20  # most applications have few
LARGEST_ID = 2**63 - 1


@auditor_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """List the events that were asked for, the latest first."""
    form = ActivityForm(request.GET)
    context = found_events(request, form, EVENTS_PER_PAGE)
    return render(request, "console/activity.html", context, status=422 if form.errors else 200)


@auditor_required
@require_safe
def application_activity(request: HttpRequest, client_id: str) -> HttpResponse:
    """List the events of one application that were asked for, the latest first."""
    application = find_application(client_id)
    form = ApplicationActivityForm(request.GET, application=application)
    context = found_events(request, form, EVENTS_OF_APPLICATION)
    template = "console/application/activity.html"
    status = 422 if form.errors else 200
    return render_sub_page(request, ACTIVITY, application, template, context, status=status)


def found_events(request: HttpRequest, form: EventFilters, number: int) -> dict[str, Any]:
    """Return what a page about events shows: at most so many, and where older ones begin."""
    found = form.select() if form.is_valid() else Event.objects.none()
    before = event_id(request.GET.get("before", ""))
    events, older = page_of(found, before, number)
    if may_change(request):
        offer_reverting(events)
    return {
        "form": form,
        "events": events,
        "older": older,
        "is_latest": before is None,
        "days": settings.EVENT_DAYS,
    }


def page_of(found: EventQuerySet, before: int | None, number: int) -> tuple[list[Event], int | None]:
    """Return the events of one page, and the id that the next page's events come before, if there is one.

    Pages begin at an event and not at a number: counting and skipping would cost more the longer the story
    is, and what happens meanwhile would move every page.
    """
    if before is not None:
        found = found.filter(pk__lt=before)
    found = found.annotate(recorded=recorded_request())
    rows = list(found.select_related("application", "person", "actor")[: number + 1])
    shown = rows[:number]
    return shown, shown[-1].pk if len(rows) > number else None


def recorded_request() -> Subquery:
    """Return what finds the recorded request that an event happened in, if there is one."""
    return Subquery(RecordedRequest.objects.filter(request_id=OuterRef("request_id")).values("pk")[:1])


def event_id(text: str) -> int | None:
    """Return the id that a query names; what is none is as good as nothing."""
    is_number = text.isascii() and text.isdecimal()
    return int(text) if is_number and len(text) < len(str(LARGEST_ID)) else None
