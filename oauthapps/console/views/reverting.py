"""Revert: what a change replaced, to be checked and put back."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, require_step_up
from accounts.pages.save_messages import tell_what_was_saved
from audit.actors import Actor
from common.edits import BaseVersion, EditConflict, EditConflictError
from common.errors import GatehouseError
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.lookup import find_application
from oauthapps.console.reverting.changes import Change, find_change
from oauthapps.console.reverting.settings import (
    filled_in,
    left_out,
    reverted_event,
    values_before,
    version_before,
)
from oauthapps.console.views.settings import show, version_shown


@administrator_required
@require_safe
def revert(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Show the settings with the values from before an event; nothing is saved yet."""
    found = find_application(client_id)
    event = reverted_event(found, str(pk))
    if event is None:
        raise Http404
    form_type = form_class(found.app_type)
    unbound, stored = form_type(application=found), RedirectURLRows.stored(found)
    values = values_before(event, unbound)
    data = filled_in(unbound, stored.stored_urls, values)
    form = form_type(data, application=found)
    form.keep_unchecked()
    messages.info(request, "These are the values from before that change. Check them, then save.")
    if gone := left_out(event, unbound, values):
        messages.warning(request, f"No longer available, and left out: {', '.join(gone)}")
    return show(
        request,
        found,
        form,
        RedirectURLRows.sent(found, data),
        version_before(version_shown(found, unbound, stored), event, values),
        action=found.get_absolute_url(),
        reverts=str(event.pk),
    )


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def revert_event(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what putting back another change comes to, and do it."""
    change = find_change(pk)
    if change is None:
        raise Http404
    if request.method != "POST":
        return ask(request, change)
    chosen = BaseVersion.sent(request.POST)
    wanted = change.wanted(chosen)
    if problems := change.problems(wanted):
        return ask(request, change, problems=problems, status=422)
    if change.widens(wanted):
        require_step_up(request)
    try:
        changes = change.put_back(wanted, chosen, actor=Actor.of(request))
    except EditConflictError as error:
        return ask(request, change, edit_conflicts=error.conflicts, status=409)
    except ObjectDoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    except (GatehouseError, ValidationError) as error:  # by what somebody else has saved at the same time
        return ask(request, change, problems=messages_of(error), status=422)
    tell_what_was_saved(request, changes)
    return redirect(change.page)


def messages_of(error: GatehouseError | ValidationError) -> list[str]:
    """Return what an error says."""
    return list(error.messages) if isinstance(error, ValidationError) else [error.message]


def ask(
    request: HttpRequest,
    change: Change,
    *,
    problems: Sequence[str] = (),
    edit_conflicts: Sequence[EditConflict] = (),
    status: int = 200,
) -> HttpResponse:
    """Show the page that asks before a change is put back."""
    context = {
        "change": change,
        "event": change.event,
        "problems": problems,
        "edit_conflicts": edit_conflicts,
        "has_errors": bool(problems or edit_conflicts),
    }
    return render(request, "console/revert.html", context, status=status)
