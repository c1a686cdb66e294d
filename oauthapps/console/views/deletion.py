"""Deleting an application, a client secret or a public key: the impact first, then the deletion."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required
from audit.actors import Actor
from common.confirmation import ConfirmNameForm
from oauthapps.console.blast_radius import figures_of
from oauthapps.console.forms.unsaved import is_settings_form, unsaved_fields
from oauthapps.console.lookup import find_application, find_key, find_secret
from oauthapps.console.summaries import summary_of
from oauthapps.console.views.applications import UNDO
from oauthapps.console.views.landing import KEYS, SECRETS, back_to_settings, opened_from_settings
from oauthapps.models import Application
from oauthapps.models.bin import KEPT_IN_BIN
from oauthapps.services import applications, credentials
from oauthapps.services.credential_callers import evidence_of


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def delete_application(request: HttpRequest, client_id: str) -> HttpResponse:
    """Move an application to the bin after showing whose access that would end."""
    application = find_application(client_id)
    confirms = request.method == "POST" and not is_settings_form(request)
    form = ConfirmNameForm(request.POST if confirms else None, named=application.name)
    if form.is_valid():
        applications.delete_application(application, actor=Actor.of(request))
        messages.success(
            request,
            f"Deleted: {application.name}. It stays in the bin for {KEPT_IN_BIN.days} days.",
            extra_tags=f"{UNDO}{application.client_id}",
        )
        return redirect("console:applications")
    context = {
        "application": application,
        "figures": figures_of(application),
        "summary": summary_of(application),
        "slots": Application.objects.slots(),
        "days": KEPT_IN_BIN.days,
        "form": form,
    }
    return render(request, "console/delete_application.html", context, status=422 if form.errors else 200)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@opened_from_settings
@recent_sign_in_required
def delete_secret(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Delete a client secret after saying which one and how many remain."""
    secret = find_secret(client_id, pk)
    if request.method == "POST" and not is_settings_form(request):
        credentials.delete_secret(secret, actor=Actor.of(request))
        messages.success(request, f"Deleted: the client secret {secret.masked}", extra_tags=SECRETS)
        return back_to_settings(request, secret.application, SECRETS)
    context = {
        "application": secret.application,
        "secret": secret,
        "remaining": secret.application.secrets.usable().exclude(pk=secret.pk).count(),
        "authenticating_keys": sum(key.authenticates for key in secret.application.keys.usable()),
        "evidence": evidence_of(secret),
        "unsaved": unsaved_fields(request, secret.application),
    }
    return render(request, "console/delete_secret.html", context)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@opened_from_settings
@recent_sign_in_required
def delete_key(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Delete a public key after saying which one and how many remain."""
    key = find_key(client_id, pk)
    if request.method == "POST" and not is_settings_form(request):
        credentials.delete_key(key, actor=Actor.of(request))
        messages.success(request, f"Deleted: the public key {key.short_id}", extra_tags=KEYS)
        return back_to_settings(request, key.application, KEYS)
    context = {
        "application": key.application,
        "key": key,
        "remaining": key.application.keys.usable().exclude(pk=key.pk).count(),
        "evidence": evidence_of(key),
        "unsaved": unsaved_fields(request, key.application),
    }
    return render(request, "console/delete_key.html", context)
