"""One application on one page: everything the seed's tables list, and what happens to it afterwards."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import administrator_required
from accounts.actors import Actor
from oauthapps.console import once
from oauthapps.console.forms.application import ApplicationForm, form_class
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.instructions import instructions
from oauthapps.console.lookup import find_application
from oauthapps.console.standing import standing_of
from oauthapps.models import Application, ClientSecret
from oauthapps.services import applications

LATELY = timedelta(days=30)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show an application, or give its fields new values."""
    found = find_application(client_id)
    form_type = form_class(found.app_type)
    if request.method != "POST":
        return show(request, found, form_type(application=found), RedirectURLRows.stored(found))
    form = form_type(request.POST, request.FILES, application=found)
    rows = RedirectURLRows.sent(found, request.POST)
    if rows.were_edited:
        form.keep_unchecked()
        return show(request, found, form, rows)
    if not (form.is_valid() & rows.is_valid()):
        return show(request, found, form, rows, status=422)
    changed = applications.change_application(
        found,
        values=form.values,
        labels=form.labels,
        actor=Actor.of(request),
        redirect_urls=rows.urls if found.type.has_redirect_urls else None,
        logo=form.new_logo,
    )
    if changed:
        messages.success(request, f"Saved: {', '.join(changed)}")
    else:
        messages.info(request, "Nothing changed")
    return redirect(found)


def show(
    request: HttpRequest,
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    *,
    status: int = 200,
) -> HttpResponse:
    """Show the page of an application."""
    secrets = secrets_of(found) if found.type.has_secrets else []
    keys = list(found.keys.live().select_related("user")) if found.type.has_keys else []
    context = {
        "application": found,
        "standing": standing_of(found),
        "form": form,
        "rows": rows,
        "has_errors": rows.has_errors,
        "secrets": secrets,
        "keys": keys,
        "instructions": instructions(found, rows.stored_urls, keys),
        "form_id": once.new_form_id(),
    }
    return render(request, "console/application.html", context, status=status)


def secrets_of(found: Application) -> list[ClientSecret]:
    """Return the client secrets, and those that were deleted lately: something may still send one."""
    rows = found.secrets.live_or_deleted_since(timezone.now() - LATELY)
    return list(rows.select_related("created_by", "deleted_by"))


@administrator_required
@require_POST
def disable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Refuse the application's client until it is enabled again."""
    found = find_application(client_id)
    applications.disable_application(found, actor=Actor.of(request))
    messages.success(request, f"Disabled: {found.name}. Nothing was deleted; Enable brings it back.")
    return redirect(found)


@administrator_required
@require_POST
def enable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let the application's client act again."""
    found = find_application(client_id)
    applications.enable_application(found, actor=Actor.of(request))
    messages.success(request, f"Enabled: {found.name}")
    return redirect(found)
