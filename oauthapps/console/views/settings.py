"""One application on one page: all its settings and credentials, and what happens to it afterwards."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import (
    administrator_required,
    posted_from,
    require_step_up,
    signed_in_user,
    step_up_required,
)
from accounts.pages.save_messages import tell_what_was_saved
from audit.actors import Actor
from common.edits import BaseVersion, Changes, EditConflict, EditConflictError
from oauthapps.console import once
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.people import PeopleForm
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.forms.unsaved import RESUME
from oauthapps.console.instructions import instructions
from oauthapps.console.lookup import find_application
from oauthapps.console.standing import standing_of
from oauthapps.console.views.reveal import forgotten, warn_unless_stored
from oauthapps.console.widening import widens_access
from oauthapps.models import Application, ClientSecret
from oauthapps.services import applications
from oauthapps.services.changes import change_application
from oauthapps.services.edit_conflicts import LOGO, REDIRECT_URLS, state_of

LATELY = timedelta(days=30)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show an application, or give its fields new values."""
    found = find_application(client_id)
    form_type = form_class(found.app_type)
    if request.method != "POST":
        form = form_type(application=found)
        base_version = BaseVersion.shown(state_of(found, form.names))
        return show(request, found, form, RedirectURLRows.stored(found), base_version)
    form = form_type(request.POST, request.FILES, application=found)
    rows = RedirectURLRows.sent(found, request.POST)
    base_version = BaseVersion.sent(request.POST)
    if rows.were_edited or RESUME in request.POST:
        return show_unsaved(request, found, form, rows, base_version)
    if not (form.is_valid() & rows.is_valid()):
        return show(request, found, form, rows, base_version, status=422)
    if rows.would_take_last and base_version.edited({REDIRECT_URLS: rows.urls}):
        return show(request, found, form, rows, base_version, asks_about_last_url=True, status=409)
    if widens_access(found, form, rows, base_version):
        require_step_up(request)
    try:
        changes = save(found, form, rows, base_version, actor=Actor.of(request))
    except EditConflictError as error:
        return show(request, found, form, rows, base_version, edit_conflicts=error.conflicts, status=409)
    except Application.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    tell_what_was_saved(request, changes)
    return redirect(found)


def show_unsaved(
    request: HttpRequest,
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    base_version: BaseVersion,
) -> HttpResponse:
    """Show the settings as they were typed: after Add or Remove, or behind a page that showed a secret."""
    form.keep_unchecked()
    if RESUME not in request.POST:
        return show(request, found, form, rows, base_version, status=422 if rows.problem else 200)
    warn_unless_stored(request)
    messages.info(request, "Your changes are still here but not saved yet.")
    return forgotten(show(request, found, form, rows, base_version))


def save(
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    base_version: BaseVersion,
    *,
    actor: Actor,
) -> Changes:
    """Give the application what was entered, but for what the person left to somebody else.

    Raises:
        EditConflictError: when somebody else has changed the same meanwhile and nobody has chosen yet.
    """
    keeps_urls = base_version.takes_theirs(REDIRECT_URLS) or not found.type.has_redirect_urls
    return change_application(
        found,
        values={name: value for name, value in form.values.items() if not base_version.takes_theirs(name)},
        labels=form.labels,
        actor=actor,
        redirect_urls=None if keeps_urls else rows.urls,
        logo=None if base_version.takes_theirs(LOGO) else form.new_logo,
        based_on=base_version.accepted,
    )


def show(
    request: HttpRequest,
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    asks_about_last_url: bool = False,
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
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "asks_about_last_url": asks_about_last_url,
        "has_errors": rows.has_errors or bool(edit_conflicts) or asks_about_last_url,
        "secrets": secrets,
        "keys": keys,
        "instructions": instructions(found, rows.stored_urls, keys, viewer=signed_in_user(request)),
        "form_id": once.new_form_id(),
    }
    return render(request, "console/application.html", context, status=status)


def secrets_of(found: Application) -> list[ClientSecret]:
    """Return the client secrets, and those that were deleted lately: something may still send one."""
    rows = found.secrets.live_or_deleted_since(timezone.now() - LATELY)
    return list(rows.select_related("created_by", "deleted_by"))


@administrator_required
@require_safe
def effect(request: HttpRequest, client_id: str) -> JsonResponse:
    """Work out what lifetimes mean while they are being chosen."""
    found = find_application(client_id)
    form = form_class(found.app_type)(request.GET, application=found)
    if not isinstance(form, PeopleForm):
        raise Http404
    return JsonResponse({"effect": form.effect, "warns": form.warns_about_rotation})


@administrator_required
@posted_from("console:application", "client_id")
def disable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Refuse the application's client until it is enabled again."""
    found = find_application(client_id)
    applications.disable_application(found, actor=Actor.of(request))
    messages.success(request, f"Disabled: {found.name}. Nothing was deleted; Enable brings it back.")
    return redirect(found)


@administrator_required
@posted_from("console:application", "client_id")
@step_up_required
def enable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let the application's client act again."""
    found = find_application(client_id)
    applications.enable_application(found, actor=Actor.of(request))
    messages.success(request, f"Enabled: {found.name}")
    return redirect(found)
