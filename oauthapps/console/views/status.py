"""Disabling and enabling an application, from any of its pages."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import administrator_required, posted_from, step_up_required
from audit.actors import Actor
from oauthapps.console.blast_radius import figures_of
from oauthapps.console.lookup import find_application
from oauthapps.console.sub_pages import sub_page
from oauthapps.models import Application
from oauthapps.services import applications


@administrator_required
@posted_from("console:application", "client_id")
def disable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Reject the requests of the application's client until it is enabled again.

    Where anything of it lives, the first press is answered by what that affects.
    """
    application = find_application(client_id)
    figures = figures_of(application) if application.is_enabled and "confirmed" not in request.POST else []
    if figures:
        page = sub_page(request.POST.get("page", ""))
        context = {
            "application": application,
            "figures": figures,
            "page": page,
            "back": page.url_of(application),
        }
        return render(request, "console/disable_application.html", context, status=409)
    applications.disable_application(application, actor=Actor.of(request))
    messages.success(request, f"Disabled: {application.name}. Nothing was deleted; Enable brings it back.")
    return back_to_page(request, application)


@administrator_required
@posted_from("console:application", "client_id")
@step_up_required
def enable(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let the application's client act again."""
    application = find_application(client_id)
    applications.enable_application(application, actor=Actor.of(request))
    messages.success(request, f"Enabled: {application.name}")
    return back_to_page(request, application)


def back_to_page(request: HttpRequest, application: Application) -> HttpResponse:
    """Lead back to the application's page that the form was sent from."""
    return redirect(sub_page(request.POST.get("page", "")).url_of(application))
