"""The bin: deleted applications, and restoring them or deleting them for good."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import (
    administrator_required,
    auditor_required,
    recent_sign_in_required,
    step_up_required,
)
from audit.actors import Actor
from common.confirmation import ConfirmNameForm
from oauthapps.console.forms.bin import RestoreForm
from oauthapps.console.lookup import find_in_bin
from oauthapps.errors import ApplicationLimitError, NameTakenError, NotInBinError, StillEndingError
from oauthapps.models import Application
from oauthapps.models.bin import KEPT_IN_BIN
from oauthapps.services.bin import purge_application, restore_application

APPLICATIONS_PER_PAGE = 50


@auditor_required
@require_safe
def deleted_applications(request: HttpRequest) -> HttpResponse:
    """List what is in the bin, the latest deletion first."""
    rows = Application.objects.in_bin().select_related("logo", "deleted_by").defer("logo__png")
    page = Paginator(rows.order_by("-deleted_at", "-pk"), APPLICATIONS_PER_PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "slots": Application.objects.slots(),
        "days": KEPT_IN_BIN.days,
    }
    return render(request, "console/bin/list.html", context)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def restore(request: HttpRequest, client_id: str) -> HttpResponse:
    """Restore a deleted application, under another name if its own is taken."""
    application = find_in_bin(client_id)
    form = RestoreForm(request.POST if request.method == "POST" else None, application=application)
    if form.is_valid() and restored(form, actor=Actor.of(request)):
        messages.success(request, f"Restored: {form.cleaned_data['name']}")
        return redirect(application)
    context = {"application": application, "form": form, "slots": Application.objects.slots()}
    return render(request, "console/bin/restore.html", context, status=422 if form.errors else 200)


def restored(form: RestoreForm, *, actor: Actor) -> bool:
    """Restore the application of a valid form, or have the form say why not."""
    try:
        restore_application(form.application, name=form.cleaned_data["name"], actor=actor)
    except NameTakenError as error:
        form.add_error("name", error.message)
    except ApplicationLimitError:
        form.add_error(None, Application.objects.slots().why_not_restored)
    except (NotInBinError, StillEndingError) as error:
        form.add_error(None, error.message)
    return form.is_valid()


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def purge(request: HttpRequest, client_id: str) -> HttpResponse:
    """Delete an application in the bin for good."""
    application = find_in_bin(client_id)
    form = ConfirmNameForm(request.POST if request.method == "POST" else None, named=application.name)
    if form.is_valid():
        try:
            purge_application(application, actor=Actor.of(request))
        except NotInBinError as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, f"Deleted for good: {application.name}")
        return redirect("console:bin")
    context = {"application": application, "form": form}
    return render(request, "console/bin/purge.html", context, status=422 if form.errors else 200)
