"""Replacing a client secret or public key: where one is, and retiring the former one on a day."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import (
    administrator_required,
    auditor_required,
    posted_from,
    recent_sign_in_required,
    signed_in_user,
)
from accounts.services.mail import can_send
from audit.actors import Actor
from oauthapps.console.forms.credentials import SubjectForm
from oauthapps.console.forms.expiry import ExpiryForm, KeyExpiryForm
from oauthapps.console.forms.retirement import RetirementForm
from oauthapps.console.idempotency import new_key
from oauthapps.console.lookup import find_key, find_secret
from oauthapps.console.replacement import replacement_of
from oauthapps.models import ClientSecret
from oauthapps.models.usage import UsageKind
from oauthapps.services.credential_callers import Credential
from oauthapps.services.credential_edits import days_of_new_one
from oauthapps.services.retirements import schedule_retirement

SECRET_PAGE, KEY_PAGE = "console:replace-secret", "console:replace-key"


@auditor_required
@require_safe
def replace_secret(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Show how far replacing a client secret is."""
    return show(request, find_secret(client_id, pk))


@auditor_required
@require_safe
def replace_key(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Show how far replacing a public key is."""
    return show(request, find_key(client_id, pk))


@administrator_required
@posted_from(SECRET_PAGE, "client_id", "pk")
@recent_sign_in_required
def retire_secret(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Have a client secret retired on a day."""
    return retire(request, find_secret(client_id, pk))


@administrator_required
@posted_from(KEY_PAGE, "client_id", "pk")
@recent_sign_in_required
def retire_key(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Have a public key retired on a day."""
    return retire(request, find_key(client_id, pk))


@administrator_required
@posted_from(SECRET_PAGE, "client_id", "pk")
def keep_secret(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Don't retire a client secret after all."""
    return keep(request, find_secret(client_id, pk))


@administrator_required
@posted_from(KEY_PAGE, "client_id", "pk")
def keep_key(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Don't retire a public key after all."""
    return keep(request, find_key(client_id, pk))


def retire(request: HttpRequest, credential: Credential) -> HttpResponse:
    """Have a secret or key retired on the day that was sent."""
    form = RetirementForm(request.POST)
    if not form.is_valid():
        return show(request, credential, form, status=422)
    day = form.cleaned_data["retire_on"]
    try:
        changed = schedule_retirement(credential, day=day, actor=Actor.of(request))
    except ObjectDoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    scheduled = f"Retires on {day} (UTC), unless it is used in the 24 hours before"
    messages.success(request, scheduled if changed else "No changes to save")
    return redirect(credential)


def keep(request: HttpRequest, credential: Credential) -> HttpResponse:
    """Don't retire a secret or key after all."""
    try:
        changed = schedule_retirement(credential, day=None, actor=Actor.of(request))
    except ObjectDoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    messages.success(request, "Retirement canceled" if changed else "No changes to save")
    return redirect(credential)


def show(
    request: HttpRequest, credential: Credential, form: RetirementForm | None = None, *, status: int = 200
) -> HttpResponse:
    """Show how far replacing a secret or key is, with a form that was filled in."""
    application, is_secret = credential.application, isinstance(credential, ClientSecret)
    viewer = signed_in_user(request)
    context = {
        "application": application,
        "credential": credential,
        "is_secret": credential.usage_kind == UsageKind.SECRET,
        "replacement": replacement_of(credential),
        "expiry": (ExpiryForm if is_secret else KeyExpiryForm)(days=days_of_new_one(credential)),
        "acts_as": SubjectForm.VIEWER if credential_user(credential) else SubjectForm.ITSELF,
        "acts_as_another": credential_user(credential) not in {None, viewer.pk},
        "form": form or RetirementForm(initial={"retire_on": credential.retirement_day}),
        "form_id": new_key(),
        "can_send": can_send(),
    }
    return render(request, "console/replacement.html", context, status=status)


def credential_user(credential: Credential) -> int | None:
    """Return the person that a key acts as, by primary key; None where it acts as its application."""
    return None if isinstance(credential, ClientSecret) else credential.user_id
