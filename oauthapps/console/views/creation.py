"""Create app integration: type and name, and the secret that is shown once."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, signed_in_user, step_up_required
from audit.actors import Actor
from oauthapps.console.forms.applications import LEAST_RECENTLY_USED, sort
from oauthapps.console.forms.creation import NewApplicationForm
from oauthapps.console.idempotency import AlreadyProcessedError, explain_repeat, new_key, run_once
from oauthapps.console.summaries import summaries, summarized
from oauthapps.console.views.reveal import reveal_secret
from oauthapps.errors import ApplicationLimitError
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import create_application

MOST_LISTED = 50


@administrator_required
@sensitive_variables("created")
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def new_application(request: HttpRequest) -> HttpResponse:
    """Ask for the type and the name of a new application, and create it."""
    if request.method != "POST":
        slots = Application.objects.slots()
        return explain_limit(request) if slots.is_full else ask(request, NewApplicationForm())
    form = NewApplicationForm(request.POST)
    if not form.is_valid():
        return ask(request, form, status=422)
    try:
        with run_once(request):
            created = create_application(
                app_type=AppType(form.cleaned_data["app_type"]),
                name=form.cleaned_data["name"],
                owner=signed_in_user(request),
                actor=Actor.of(request),
                secret_last_day=form.last_day,
            )
    except AlreadyProcessedError:
        explain_repeat(request)
        return redirect("console:applications")
    except ApplicationLimitError:
        return explain_limit(request, form, status=409)
    if not created.client_secret:
        return redirect(created.application)
    return reveal_secret(request, created.application, created.client_secret, is_new=True)


def ask(request: HttpRequest, form: NewApplicationForm, *, status: int = 200) -> HttpResponse:
    """Show the form."""
    context = {"form": form, "form_id": new_key()}
    return render(request, "console/new_application.html", context, status=status)


def explain_limit(
    request: HttpRequest, form: NewApplicationForm | None = None, *, status: int = 200
) -> HttpResponse:
    """Explain that the limit is reached, list the least recently used first, and keep what was typed."""
    slots = Application.objects.slots()
    rows = summaries(sort(summarized(Application.objects.live()), LEAST_RECENTLY_USED)[:MOST_LISTED])
    context = {
        "slots": slots,
        "rows": rows,
        "all_query": urlencode({"sort": LEAST_RECENTLY_USED}) if slots.used > MOST_LISTED else "",
        "form": form,
        "form_id": new_key(),
    }
    return render(request, "console/limit.html", context, status=status)
