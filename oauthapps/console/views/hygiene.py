"""Hygiene: what ought to be cleaned up, and what is left as it is, with the reason."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, posted_from
from accounts.models import Organization
from audit.actors import Actor
from oauthapps.console.forms.hygiene import IgnoreForm
from oauthapps.console.hygiene.findings import Finding, Item, exceptions, found, items_of, key_of
from oauthapps.console.hygiene.report import report
from oauthapps.console.lookup import find_application
from oauthapps.models import Application
from oauthapps.services import hygiene as service

PAGE = "console:hygiene"


@auditor_required
@require_safe
def hygiene(request: HttpRequest) -> HttpResponse:
    """List the findings of all applications, or of one."""
    application, only = asked_for(request)
    made = report(Organization.current(), application, only, request.GET.get("page"), timezone.now())
    query = f"application={application.client_id}&" if application else ""
    context = {
        "report": made,
        "application": application,
        "query": query,
        "page_query": f"{query}finding={only}",
    }
    return render(request, "console/hygiene.html", context)


def asked_for(request: HttpRequest) -> tuple[Application | None, str]:
    """Return the only application to look at, if one was named, and the key of the only kind, likewise."""
    client_id = request.GET.get("application", "")
    application = find_application(client_id) if client_id.isalnum() else None
    return application, request.GET.get("finding", "")


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def ignore(request: HttpRequest, client_id: str, finding: str, subject: int) -> HttpResponse:
    """Leave a finding out, for a reason."""
    application = find_application(client_id)
    item = find_item(application, finding, subject)
    if item is None:
        messages.info(request, "This was fixed, or is ignored already.")
        return redirect(PAGE)
    form = IgnoreForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        service.ignore(
            application, finding, subject, reason=reason, named=item.label, actor=Actor.of(request)
        )
        messages.success(request, f"Ignored for {application.name}: {item.label}")
        return redirect(f"{reverse(PAGE)}#{finding}")
    context = {"item": item, "application": application, "form": form}
    return render(request, "console/ignore_finding.html", context, status=422 if form.errors else 200)


@administrator_required
@posted_from(PAGE)
def stop_ignoring(request: HttpRequest, pk: int) -> HttpResponse:
    """List a finding again."""
    row = get_object_or_404(exceptions().select_related("application"), pk=pk)
    item = items_of([key_of(row)]).get(key_of(row))
    named = item.label if item else row.finding
    if service.stop_ignoring(row, named=named, actor=Actor.of(request)):
        messages.success(request, f"No longer ignored for {row.application.name}: {named}")
    return redirect(f"{reverse(PAGE)}#{row.finding}")


def find_item(application: Application, kind: str, subject: int) -> Item | None:
    """Return a finding of an application, unless it is ignored or not there."""
    wanted = Finding(kind, application.pk, subject)
    if wanted not in found(application.organization, application):
        return None
    if any(key_of(row) == wanted for row in exceptions(application)):
        return None
    return items_of([wanted]).get(wanted)
