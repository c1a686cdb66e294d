"""Settings of an application: its credentials and fields, in the order of the product's description."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import (
    administrator_required,
    auditor_required,
    posted_from,
    require_step_up,
    signed_in_user,
)
from accounts.pages.save_messages import tell_what_was_saved
from audit.actors import Actor
from common.edits import BaseVersion, Changes, EditConflict, EditConflictError
from oauthapps.console import idempotency
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.credentials import SubjectForm
from oauthapps.console.forms.expiry import ExpiryForm, KeyExpiryForm
from oauthapps.console.forms.people import PeopleForm
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.forms.unsaved import REVERTS, sent_settings
from oauthapps.console.lookup import find_application
from oauthapps.console.questions import Questions, unanswered_questions
from oauthapps.console.reverting.settings import detail_of
from oauthapps.console.sub_pages import SETTINGS, render_sub_page
from oauthapps.console.views.landing import KEYS, SECRETS, SECTIONS
from oauthapps.console.widening import widens_access
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.expiry import days_of_new
from oauthapps.services.changes import change_application
from oauthapps.services.edit_conflicts import LOGO, REDIRECT_URLS, state_of

LATELY = timedelta(days=30)


@auditor_required
@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show the settings of an application, or give its fields new values."""
    found = find_application(client_id)
    form_type = form_class(found.app_type)
    if request.method != "POST":
        form = form_type(application=found)
        rows = RedirectURLRows.stored(found)
        return show(request, found, form, rows, version_shown(found, form, rows))
    form = form_type(request.POST, request.FILES, application=found)
    rows = RedirectURLRows.sent(found, request.POST)
    base_version = BaseVersion.sent(request.POST)
    if rows.were_edited:  # by Add or Remove
        form.keep_unchecked()
        return show(request, found, form, rows, base_version, status=422 if rows.problem else 200)
    if not (form.is_valid() & rows.is_valid()):
        return show(request, found, form, rows, base_version, status=422)
    edited = base_version.edited({**form.values, REDIRECT_URLS: rows.urls})
    if questions := unanswered_questions(found, form, edited, rows, base_version):
        return show(request, found, form, rows, base_version, questions=questions, status=409)
    if widens_access(found, edited, rows):
        require_step_up(request)
    detail = detail_of(found, request.POST.get(REVERTS, ""), edited)
    try:
        changes = save(found, form, rows, base_version, actor=Actor.of(request), detail=detail)
    except EditConflictError as error:
        return show(request, found, form, rows, base_version, edit_conflicts=error.conflicts, status=409)
    except Application.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    tell_what_was_saved(request, changes)
    return redirect(found)


@administrator_required
@posted_from("console:application", "client_id")
def unsaved(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show the settings as they were typed, after something else was asked for; nothing is saved."""
    found = find_application(client_id)
    data = sent_settings(request)
    form = form_class(found.app_type)(data, request.FILES, application=found)
    form.keep_unchecked()
    messages.info(request, "Your changes are still here but not saved yet.")
    rows = RedirectURLRows.sent(found, data)
    return show(
        request,
        found,
        form,
        rows,
        BaseVersion.sent(data),
        action=found.get_absolute_url(),
        reverts=data.get(REVERTS, ""),
    )


def version_shown(found: Application, form: ApplicationForm, rows: RedirectURLRows) -> BaseVersion:
    """Return what a form is filled in on top of that shows an application as it is."""
    # Both have been read for the page.
    logo = found.logo.digest if hasattr(found, "logo") else ""
    known = {REDIRECT_URLS: rows.stored_urls, LOGO: logo} if found.type.has_redirect_urls else {}
    return BaseVersion.shown(state_of(found, (name for name in form.names if name not in known)) | known)


def save(
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    base_version: BaseVersion,
    *,
    actor: Actor,
    detail: str = "",
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
        detail=detail,
    )


def show(
    request: HttpRequest,
    found: Application,
    form: ApplicationForm,
    rows: RedirectURLRows,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    questions: Questions | None = None,
    action: str = "",
    reverts: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the settings of an application.

    `action` is the URL of the form, if not the page's own; `reverts`, the event whose change it puts back.
    """
    secrets = secrets_of(found) if found.type.has_secrets else []
    keys = list(found.keys.live().select_related("user", "created_by")) if found.type.has_keys else []
    context = {
        "form": form,
        "subject_form": SubjectForm(application=found, viewer=signed_in_user(request), sent_with="settings"),
        "secret_expiry": ExpiryForm(
            days=days_of_new(timezone.now(), found.organization.secret_days), sent_with="settings"
        ),
        "key_expiry": KeyExpiryForm(sent_with="settings"),
        "rows": rows,
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "questions": questions,
        "has_errors": rows.has_errors or bool(edit_conflicts or questions),
        "secrets": secrets,
        "keys": keys,
        "authenticating_keys": sum(key.authenticates for key in keys if key.is_usable),
        "action": action,
        "reverts": reverts or request.POST.get(REVERTS, ""),
        "form_id": idempotency.new_key(),
        **messages_by_section(request),
    }
    return render_sub_page(
        request, SETTINGS, found, "console/application/settings.html", context, status=status
    )


def messages_by_section(request: HttpRequest) -> dict[str, list[Message]]:
    """Return the messages by place: those about secrets and keys stand there, the others at the top."""
    waiting = list(messages.get_messages(request))
    return {
        "messages": [message for message in waiting if message.extra_tags not in SECTIONS],
        "secret_messages": [message for message in waiting if message.extra_tags == SECRETS],
        "key_messages": [message for message in waiting if message.extra_tags == KEYS],
    }


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
