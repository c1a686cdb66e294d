"""Recording all requests of an application for an hour."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import administrator_required, posted_from
from audit.actors import Actor
from common.times import short_time
from oauthapps.console.lookup import find_application
from oauthapps.models import Application
from oauthapps.services import recording

PAGE = "console:application-requests"


@administrator_required
@posted_from(PAGE, "client_id")
def start(request: HttpRequest, client_id: str) -> HttpResponse:
    """Record all requests of an application for an hour."""
    application = find_application(client_id)
    try:
        until = recording.start_recording(application, actor=Actor.of(request))
    except Application.DoesNotExist as error:  # deleted meanwhile
        raise Http404 from error
    messages.success(request, f"All requests are recorded until {short_time(until)}.")
    return redirect(PAGE, client_id)


@administrator_required
@posted_from(PAGE, "client_id")
def stop(request: HttpRequest, client_id: str) -> HttpResponse:
    """Record no longer all requests of an application."""
    application = find_application(client_id)
    if recording.stop_recording(application, actor=Actor.of(request)):
        messages.success(request, "Recording stopped. What was recorded stays here.")
    else:
        messages.info(request, "Recording had already stopped.")
    return redirect(PAGE, client_id)
