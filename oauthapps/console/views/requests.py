"""Requests: what clients asked the authorization server for, and why it was refused."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, step_up_required
from accounts.models import User
from audit.actors import Actor
from common.errors import GatehouseError
from oauthapps.console.forms.requests import ApplicationRequestsForm, RequestFilters, RequestsForm
from oauthapps.console.lookup import find_application, find_request
from oauthapps.console.pages_of_requests import Place, page_of
from oauthapps.console.redirect_mismatch import RedirectMismatch
from oauthapps.console.sub_pages import REQUESTS, render_sub_page
from oauthapps.models import Application, RecordedRequest
from oauthapps.services.changes import add_redirect_url
from oauthapps.services.recording import is_recorded

ANOTHER_URL = "This request has come with another URL since. Check it again."


@auditor_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """List the recorded requests that were asked for, the newest first."""
    form = RequestsForm(request.GET)
    context = found_requests(request, form)
    return render(request, "console/requests/list.html", context, status=422 if form.errors else 200)


@auditor_required
@require_safe
def application_requests(request: HttpRequest, client_id: str) -> HttpResponse:
    """List the recorded requests of one application that were asked for, the newest first."""
    application = find_application(client_id)
    form = ApplicationRequestsForm(request.GET, application=application)
    context = {**found_requests(request, form), "is_recorded": is_recorded(application)}
    template = "console/application/requests.html"
    status = 422 if form.errors else 200
    return render_sub_page(request, REQUESTS, application, template, context, status=status)


def found_requests(request: HttpRequest, form: RequestFilters) -> dict[str, Any]:
    """Return what a page about requests shows, and where older ones begin."""
    place = Place.parse(request.GET.get("before", ""))
    found = form.select() if form.is_valid() else RecordedRequest.objects.none()
    rows, older = page_of(found, place)
    return {
        "form": form,
        "rows": rows,
        "older": older,
        "is_latest": place is None,
        "days": settings.REQUEST_DAYS,
    }


@auditor_required
@require_safe
def recorded_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all that is recorded of a request, the cause and the fix first."""
    row = find_request(pk)
    context = {
        "row": row,
        "mismatch": RedirectMismatch.of(row),
        "parameters": parameters_of(row),
        "person": User.objects.filter(username=row.username).first() if row.username else None,
    }
    return render(request, "console/requests/request.html", context)


def parameters_of(row: RecordedRequest) -> list[tuple[str, str]]:
    """Return the parameters of a request by name, as they were recorded, each with its value as text."""
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in row.parameters_by_name.items()
    ]


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def add_sent_url(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the redirect URI that a request came with to its application's redirect URLs, once confirmed."""
    row = find_request(pk)
    mismatch = RedirectMismatch.of(row)
    if mismatch is None or not mismatch.can_be_added or mismatch.application is None:
        return redirect("console:request", pk)
    if request.method == "POST" and request.POST.get("sent_url") == mismatch.sent:
        return add(request, mismatch.application, mismatch.sent, row)
    if request.method == "POST":
        messages.warning(request, ANOTHER_URL)
    return render(request, "console/requests/add_url.html", {"row": row, "mismatch": mismatch})


def add(request: HttpRequest, application: Application, url: str, row: RecordedRequest) -> HttpResponse:
    """Add a redirect URL, and show the request that it came with."""
    try:
        is_new = add_redirect_url(application, url, actor=Actor.of(request))
    except GatehouseError as error:
        messages.error(request, error.message)
    except Application.DoesNotExist as error:
        raise Http404 from error
    else:
        messages.success(request, "Redirect URL added." if is_new else "This URL is registered already.")
    return redirect("console:request", row.pk)
