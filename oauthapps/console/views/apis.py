"""APIs, under "System": the list, a new one, and changing one."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, require_step_up
from accounts.pages.save_messages import tell_what_was_saved
from audit.actors import Actor
from common.edits import BaseVersion, EditConflict, EditConflictError
from oauthapps.console.api_summaries import api_summaries, built_in_summary, may_ask
from oauthapps.console.forms.apis import ApiForm, NewApiForm
from oauthapps.console.forms.scope_rows import ScopeRows
from oauthapps.console.idempotency import AlreadyProcessedError, new_key, run_once
from oauthapps.console.lookup import find_api
from oauthapps.errors import ApiTakenError, ScopeLimitError, ScopeTakenError
from oauthapps.models import Api
from oauthapps.rules import scopes
from oauthapps.services.api_edits import VERIFIERS, state_of
from oauthapps.services.apis import change_api, create_api


@auditor_required
@require_safe
def apis(request: HttpRequest) -> HttpResponse:
    """List the APIs: the built-in one, then the others by name."""
    return render(request, "console/apis/list.html", {"rows": api_summaries()})


@auditor_required
@require_safe
def built_in_api(request: HttpRequest) -> HttpResponse:
    """Show the API that is this installation; nothing about it can be changed."""
    return render(request, "console/apis/built_in.html", {"api": built_in_summary(), "scopes": scopes.SCOPES})


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_api(request: HttpRequest) -> HttpResponse:
    """Ask for everything about a new API, and create it."""
    if request.method != "POST":
        return ask(request, NewApiForm(), ScopeRows([]))
    form, rows = NewApiForm(request.POST), ScopeRows.sent(request.POST)
    if rows.were_edited:  # by Add or Remove
        form.keep_unchecked()
        return ask(request, form, rows, status=422 if rows.problem else 200)
    if not (form.is_valid() & rows.is_valid()):
        return ask(request, form, rows, status=422)
    require_step_up(request)
    try:
        with run_once(request):
            created = create_api(
                name=form.cleaned_data["name"],
                identifier=form.cleaned_data["identifier"],
                actor=Actor.of(request),
                new_scopes=rows.wanted(),
                verifiers=form.cleaned_data[VERIFIERS],
                fields={name: value for name, value in form.values().items() if name != "name"},
            )
    except AlreadyProcessedError:
        messages.info(request, "That form was sent a second time, so nothing new was created.")
        return redirect("console:apis")
    except ApiTakenError as error:  # by somebody at the same time; so is the scope below
        form.add_error("identifier", error.message)
    except (ScopeTakenError, ScopeLimitError) as error:
        rows.explain(error)
    else:
        messages.success(request, f"Created: {created.name}")
        return redirect(created)
    return ask(request, form, rows, status=422)


@auditor_required
@require_http_methods(["GET", "HEAD", "POST"])
def api(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an API, or give it other values and scopes."""
    found = find_api(pk)
    if request.method != "POST":
        base_version = BaseVersion.shown(state_of(found))
        return show(request, found, ApiForm(api=found), ScopeRows.stored(found), base_version)
    form, rows = ApiForm(request.POST, api=found), ScopeRows.sent(request.POST, found)
    base_version = BaseVersion.sent(request.POST)
    if rows.were_edited:
        form.keep_unchecked()
        return show(request, found, form, rows, base_version, status=422 if rows.problem else 200)
    if not (form.is_valid() & rows.is_valid()):
        return show(request, found, form, rows, base_version, status=422)
    require_step_up(request)
    try:
        changes = change_api(
            found,
            form.values(base_version),
            verifiers=None if base_version.takes_theirs(VERIFIERS) else form.cleaned_data[VERIFIERS],
            scopes=rows.wanted(base_version),
            based_on=base_version.accepted,
            actor=Actor.of(request),
        )
    except EditConflictError as error:
        return show(request, found, form, rows, base_version, edit_conflicts=error.conflicts, status=409)
    except (ScopeTakenError, ScopeLimitError) as error:
        rows.explain(error)
    except Api.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    else:
        tell_what_was_saved(request, changes)
        return redirect(found)
    return show(request, found, form, rows, base_version, status=422)


def ask(request: HttpRequest, form: ApiForm, rows: ScopeRows, *, status: int = 200) -> HttpResponse:
    """Show the form for a new API."""
    context = {
        "form": form,
        "rows": rows,
        "has_errors": rows.has_errors,
        "form_id": new_key(),
        "cancel": reverse("console:apis"),
    }
    return render(request, "console/apis/new.html", context, status=status)


def show(
    request: HttpRequest,
    found: Api,
    form: ApiForm,
    rows: ScopeRows,
    base_version: BaseVersion,
    *,
    edit_conflicts: Sequence[EditConflict] = (),
    status: int = 200,
) -> HttpResponse:
    """Show an API with a form that changes it."""
    context = {
        "api": found,
        "form": form,
        "rows": rows,
        "base_version": base_version,
        "edit_conflicts": edit_conflicts,
        "has_errors": rows.has_errors or bool(edit_conflicts),
        "applications": may_ask(scope.name for scope in found.scopes.live()),
    }
    return render(request, "console/apis/api.html", context, status=status)
