"""Export CSV: what a list shows and more, of all its pages, for whoever may see the list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from accounts.models import Organization
from accounts.pages.downloads import csv_download
from common.csv_tables import MOST_ROWS
from oauthapps.access.forms import PeopleSearch
from oauthapps.console import tables
from oauthapps.console.file_names import file_name
from oauthapps.console.forms.activity import ActivityForm, ApplicationActivityForm, EventFilters
from oauthapps.console.forms.applications import ApplicationFilters
from oauthapps.console.forms.requests import ApplicationRequestsForm, RequestFilters, RequestsForm
from oauthapps.console.hygiene.report import lines
from oauthapps.console.lookup import find_application
from oauthapps.console.sub_pages import ACTIVITY, REQUESTS
from oauthapps.console.summaries import summaries
from oauthapps.console.usage.days import days_of
from oauthapps.console.usage.periods import Period
from oauthapps.console.usage.ranking import ranked_applications
from oauthapps.console.views.hygiene import asked_for
from oauthapps.models.extents import Extent


@auditor_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Export the events that were asked for."""
    return export_events("activity", ActivityForm(request.GET), page=reverse("console:activity"))


@auditor_required
@require_safe
def application_activity(request: HttpRequest, client_id: str) -> HttpResponse:
    """Export the events of one application that were asked for."""
    application = find_application(client_id)
    form = ApplicationActivityForm(request.GET, application=application)
    return export_events(file_name(application, "_activity"), form, page=ACTIVITY.url_of(application))


@auditor_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Export the recorded requests that were asked for."""
    return export_requests("requests", RequestsForm(request.GET), page=reverse("console:requests"))


@auditor_required
@require_safe
def application_requests(request: HttpRequest, client_id: str) -> HttpResponse:
    """Export the recorded requests of one application that were asked for."""
    application = find_application(client_id)
    form = ApplicationRequestsForm(request.GET, application=application)
    return export_requests(file_name(application, "_requests"), form, page=REQUESTS.url_of(application))


@auditor_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """Export the applications that were asked for, in the order asked for."""
    found = ApplicationFilters(request.GET).select()
    return csv_download("applications", tables.APPLICATIONS, summaries(found[: MOST_ROWS + 1]))


@auditor_required
@require_safe
def access(request: HttpRequest, client_id: str) -> HttpResponse:
    """Export the people that were asked for whom an application may act for."""
    application = find_application(client_id)
    text = PeopleSearch(request.GET).chosen.get("q", "")
    rows = tables.rows_of_access(Extent(application=application), text)
    return csv_download(file_name(application, "_access"), tables.ACCESS, rows)


@auditor_required
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """Export the usage of all applications in the period that was asked for."""
    period = Period.asked_for(request.GET.get("days", ""))
    return csv_download(f"usage_{period.number}_days", tables.USAGE, ranked_applications(period))


@auditor_required
@require_safe
def application_usage(request: HttpRequest, client_id: str) -> HttpResponse:
    """Export the usage of one application in the period that was asked for, day by day."""
    application = find_application(client_id)
    period = Period.asked_for(request.GET.get("days", ""))
    return csv_download(file_name(application, "_usage"), tables.USAGE_BY_DAY, days_of(application, period))


@auditor_required
@require_safe
def hygiene(request: HttpRequest) -> HttpResponse:
    """Export the findings that were asked for, those that are ignored among them."""
    application, only = asked_for(request)
    rows = lines(Organization.current(), application, only, MOST_ROWS + 1)
    return csv_download("hygiene", tables.HYGIENE, rows)


def export_events(name: str, form: EventFilters, *, page: str) -> HttpResponse:
    """Export the events that a form selects; where it asks for what cannot be, its page says so."""
    if not form.is_valid():
        return redirect(f"{page}?{form.query}")
    rows = form.select().select_related("application", "person", "actor")
    return csv_download(name, tables.EVENTS, rows[: MOST_ROWS + 1])


def export_requests(name: str, form: RequestFilters, *, page: str) -> HttpResponse:
    """Export the recorded requests that a form selects, likewise."""
    if not form.is_valid():
        return redirect(f"{page}?{form.query}")
    return csv_download(name, tables.REQUESTS, form.select().select_related("application")[: MOST_ROWS + 1])
