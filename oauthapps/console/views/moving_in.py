"""Moving in: what the clients of an application have done so far, and what they may do until when."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.access import administrator_required, auditor_required, posted_from, require_step_up
from audit.actors import Actor
from common.errors import GatehouseError
from common.times import end_of
from oauthapps.console.exceptions import cards_of, in_force
from oauthapps.console.forms.exceptions import ExceptionForm
from oauthapps.console.lookup import find_application
from oauthapps.console.moving_in import is_moving_in, steps_of
from oauthapps.console.sub_pages import MOVING_IN, render_sub_page
from oauthapps.models import Application
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services import moving_in as service

PAGE = "console:moving-in"


@auditor_required
@require_safe
def moving_in(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show how far the clients of an application have come, and its exceptions."""
    return show(request, find_application(client_id))


@administrator_required
@posted_from(PAGE, "client_id")
def begin(request: HttpRequest, client_id: str) -> HttpResponse:
    """Mark an application as moving in; nothing else changes by that."""
    application = find_application(client_id)
    if service.begin(application, exceptions={}, actor=Actor.of(request)):
        messages.success(request, "Marked as moving in. Choose Finish moving in when all clients have moved.")
    return redirect(PAGE, client_id)


@administrator_required
@posted_from(PAGE, "client_id")
def finish(request: HttpRequest, client_id: str) -> HttpResponse:
    """Say that an application has moved in, unless its clients still have exceptions."""
    application = find_application(client_id)
    try:
        service.finish(application, actor=Actor.of(request))
    except GatehouseError as error:
        messages.error(request, error.message)
        return redirect(PAGE, client_id)
    messages.success(request, "Moving in finished. To undo this, choose Mark as moving in under Actions.")
    return redirect(application)


@administrator_required
@posted_from(PAGE, "client_id")
def give_exception(request: HttpRequest, client_id: str, kind: str) -> HttpResponse:
    """Let the application's clients do something until a day that is sent."""
    application = find_application(client_id)
    excepted = kind_of(application, kind)
    form = ExceptionForm(request.POST, kind=excepted)
    if not form.is_valid():
        return show(request, application, form, status=422)
    last_day = form.cleaned_data["last_day"]
    if not in_force(application).filter(kind=excepted, ends_at__gte=end_of(last_day)).exists():
        require_step_up(request)
    try:
        changed = service.give_exception(application, excepted, last_day, actor=Actor.of(request))
    except GatehouseError as error:
        messages.error(request, error.message)
    else:
        text = f"{excepted.label}: allowed through {last_day} (UTC)" if changed else "No changes to save"
        messages.success(request, text)
    return redirect(PAGE, client_id)


@administrator_required
@posted_from(PAGE, "client_id")
def end_exception(request: HttpRequest, client_id: str, kind: str) -> HttpResponse:
    """Let the application's clients no longer do something, at once."""
    application = find_application(client_id)
    excepted = kind_of(application, kind)
    if service.end_exception(application, excepted, actor=Actor.of(request)):
        messages.success(request, f"Exception ended: {excepted.label}. You can add it again.")
    else:
        messages.info(request, "This exception had already ended.")
    return redirect(PAGE, client_id)


def kind_of(application: Application, value: str) -> ExceptionKind:
    """Return the kind of exception that a URL names, or answer 404."""
    if value not in ExceptionKind.values or not ExceptionKind(value).fits(application.type):
        raise Http404
    return ExceptionKind(value)


def show(
    request: HttpRequest, application: Application, form: ExceptionForm | None = None, *, status: int = 200
) -> HttpResponse:
    """Show the page, with a form that was filled in."""
    moves = is_moving_in(application)
    cards = cards_of(application, form) if moves else []
    context = {
        "steps": list(steps_of(application)) if moves else [],
        "cards": cards,
        "sent_form": form,
        "has_exceptions": any(card.is_in_force for card in cards),
        "is_moving_in": moves,
        "all_tokens_in_urls": settings.ALLOW_SESSION_ID_IN_URL,
    }
    template = "console/application/moving_in.html"
    return render_sub_page(request, MOVING_IN, application, template, context, status=status)
