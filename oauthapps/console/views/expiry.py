"""When a client secret or public key expires: changing that, or removing it."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, require_step_up
from audit.actors import Actor
from common.edits import BaseVersion, EditConflict, EditConflictError
from oauthapps.console.forms.expiry import NEVER, ON_A_DATE, ExpiryForm, KeyExpiryForm
from oauthapps.console.forms.unsaved import is_settings_form, unsaved_fields
from oauthapps.console.lookup import find_key, find_secret
from oauthapps.console.views.landing import KEYS, SECRETS, back_to_settings, opened_from_settings
from oauthapps.models import ClientSecret
from oauthapps.rules.expiry import is_longer
from oauthapps.services.credential_edits import Credential, change_expiry, days_of, expiry_of


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@opened_from_settings
def secret_expiry(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Change when a client secret expires."""
    return show_or_change(request, find_secret(client_id, pk))


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@opened_from_settings
def key_expiry(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Change when a public key expires."""
    return show_or_change(request, find_key(client_id, pk))


def show_or_change(request: HttpRequest, credential: Credential) -> HttpResponse:
    """Show when a secret or key expires, or let it expire when it was sent."""
    if request.method != "POST" or is_settings_form(request):
        base_version = BaseVersion.shown(expiry_of(credential).state)
        return show(request, credential, form_of(request, credential), base_version)
    base_version = BaseVersion.sent(request.POST)
    form = form_of(request, credential, is_sent=True)
    if not form.is_valid():
        return show(request, credential, form, base_version, status=422)
    last_day = credential.last_day if base_version.takes_theirs("expires") else form.last_day
    if is_longer(last_day, credential.last_day):
        require_step_up(request)
    try:
        changed = change_expiry(
            credential, last_day=last_day, actor=Actor.of(request), based_on=base_version.accepted
        )
    except EditConflictError as error:
        return show(request, credential, form, base_version, edit_conflicts=error.conflicts, status=409)
    except ObjectDoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    section = section_of(credential)
    if changed:
        said = f"works through {last_day} (UTC)" if last_day else "never expires"
        text = f"Saved: the {credential.noun} {credential.label} {said}"
        messages.success(request, text, extra_tags=section)
    else:
        messages.info(request, "No changes to save", extra_tags=section)
    return back_to_settings(request, credential.application, section)


def section_of(credential: Credential) -> str:
    """Return the id of the section of the settings that a secret or key stands in."""
    return SECRETS if isinstance(credential, ClientSecret) else KEYS


def form_of(request: HttpRequest, credential: Credential, *, is_sent: bool = False) -> ExpiryForm:
    """Return the form with its present expiry, or with what was sent."""
    kind = ExpiryForm if isinstance(credential, ClientSecret) else KeyExpiryForm
    day = credential.last_day
    initial = {f"{kind.of}_expires": ON_A_DATE if day else NEVER, f"{kind.of}_expires_on": day}
    return kind(*([request.POST] if is_sent else []), days=days_of(credential), initial=initial)


def show(
    request: HttpRequest,
    credential: Credential,
    form: ExpiryForm,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    status: int = 200,
) -> HttpResponse:
    """Show the page that asks when a secret or key expires."""
    context = {
        "application": credential.application,
        "credential": credential,
        "form": form,
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "has_errors": bool(edit_conflicts),
        "section": section_of(credential),
        "unsaved": unsaved_fields(request, credential.application),
    }
    return render(request, "console/credential_expiry.html", context, status=status)
