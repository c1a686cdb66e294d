"""Client secrets: adding one, and the notes of what it is for."""

from collections.abc import Sequence

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, posted_from, step_up_required
from audit.actors import Actor
from common.edits import BaseVersion, EditConflict, EditConflictError
from oauthapps.console.forms.credentials import NewSecretForm, NotesForm
from oauthapps.console.forms.unsaved import is_settings_form, unsaved_fields
from oauthapps.console.idempotency import AlreadyProcessedError, explain_repeat, new_key, run_once
from oauthapps.console.lookup import find_application, find_secret
from oauthapps.console.views.landing import REPLACES, SECRETS, back_to_settings, opened_from_settings
from oauthapps.console.views.reveal import reveal_secret
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.expiry import days_of_new
from oauthapps.services.credential_edits import change_notes
from oauthapps.services.credentials import add_secret


@administrator_required
@sensitive_variables("new")
@posted_from("console:application", "client_id")
@step_up_required
def add(request: HttpRequest, client_id: str) -> HttpResponse:
    """Add a client secret and show it, for the only time."""
    application = find_application(client_id)
    if not application.type.has_secrets:
        raise Http404
    form = NewSecretForm(request.POST, days=days_of_new(timezone.now(), application.organization.secret_days))
    if not form.is_valid():
        return ask_again(request, application, form, "console/add_secret.html")
    try:
        with run_once(request):
            new = add_secret(
                application,
                actor=Actor.of(request),
                notes=form.cleaned_data["notes"],
                last_day=form.last_day,
            )
    except AlreadyProcessedError:
        explain_repeat(request, SECRETS)
        return back_to_settings(request, application, SECRETS)
    return reveal_secret(request, application, new.value)


def ask_again(request: HttpRequest, application: Application, form: Form, template: str) -> HttpResponse:
    """Show what was sent beside the settings with what is wrong; what isn't saved there comes along."""
    context = {
        "application": application,
        "form": form,
        "form_id": new_key(),
        "replaces": request.POST.get(REPLACES, ""),
        "unsaved": unsaved_fields(request, application),
    }
    return render(request, template, context, status=422)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@opened_from_settings
def notes(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Change the notes of a client secret."""
    secret = find_secret(client_id, pk)
    if request.method != "POST" or is_settings_form(request):
        return show_notes(request, secret, NotesForm(initial={"notes": secret.notes}), secret.base_version)
    form, base_version = NotesForm(request.POST), BaseVersion.sent(request.POST)
    if not form.is_valid():
        return show_notes(request, secret, form, base_version, status=422)
    text = secret.notes if base_version.takes_theirs("notes") else form.cleaned_data["notes"]
    try:
        is_new = change_notes(secret, notes=text, actor=Actor.of(request), based_on=base_version.accepted)
    except EditConflictError as error:
        return show_notes(request, secret, form, base_version, edit_conflicts=error.conflicts, status=409)
    except ClientSecret.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    if is_new:
        messages.success(request, f"Saved: Notes of the client secret {secret.masked}", extra_tags=SECRETS)
    else:
        messages.info(request, "No changes to save", extra_tags=SECRETS)
    return back_to_settings(request, secret.application, SECRETS)


def show_notes(
    request: HttpRequest,
    secret: ClientSecret,
    form: NotesForm,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    status: int = 200,
) -> HttpResponse:
    """Show the page with the notes of a client secret."""
    context = {
        "application": secret.application,
        "secret": secret,
        "form": form,
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "has_errors": bool(edit_conflicts),
        "unsaved": unsaved_fields(request, secret.application),
    }
    return render(request, "console/secret_notes.html", context, status=status)
