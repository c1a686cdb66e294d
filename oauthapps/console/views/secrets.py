"""Client secrets: adding one, noting what it is for."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables

from accounts.access import administrator_required, posted_from, step_up_required
from audit.actors import Actor
from common.edits import BaseVersion, EditConflictError
from oauthapps.console import once
from oauthapps.console.forms.credentials import NotesForm
from oauthapps.console.lookup import find_application, find_secret
from oauthapps.console.views.reveal import reveal_secret
from oauthapps.models import ClientSecret
from oauthapps.services.credentials import add_secret, note_secret


@administrator_required
@sensitive_variables("new")
@posted_from("console:application", "client_id")
@step_up_required
def add(request: HttpRequest, client_id: str) -> HttpResponse:
    """Add a client secret and show it, for the only time."""
    application = find_application(client_id)
    if not application.type.has_secrets:
        raise Http404
    form = NotesForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"No client secret was added: {form.first_error}")
        return redirect(application)
    try:
        with once.obeying(request):
            new = add_secret(application, actor=Actor.of(request), notes=form.cleaned_data["notes"])
    except once.SentTwiceError:
        return once.explain(request, application.get_absolute_url())
    return reveal_secret(request, application, new.value)


@administrator_required
@posted_from("console:application", "client_id")
def note(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Change the notes of a client secret."""
    secret = find_secret(client_id, pk)
    form, base_version = NotesForm(request.POST), BaseVersion.sent(request.POST)
    if not form.is_valid():
        messages.error(request, f"The notes were not saved: {form.first_error}")
        return redirect(secret.application)
    notes = secret.notes if base_version.takes_theirs("notes") else form.cleaned_data["notes"]
    try:
        is_new = note_secret(secret, notes=notes, actor=Actor.of(request), based_on=base_version.accepted)
    except EditConflictError as error:
        context = {
            "application": secret.application,
            "secret": secret,
            "form": form,
            "base_version": base_version,
        }
        context["edit_conflicts"] = error.conflicts
        return render(request, "console/secret_notes.html", context, status=409)
    except ClientSecret.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    if is_new:
        messages.success(request, f"Saved: Notes of the client secret {secret.masked}")
    else:
        messages.info(request, "No changes to save")
    return redirect(secret.application)
