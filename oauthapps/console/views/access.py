"""Access: the people an application may act for, and revoking that."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, recent_sign_in_required
from accounts.models import User
from oauthapps.access.forms import PeopleSearch
from oauthapps.access.pages import list_context, older_page, revoke_page, single
from oauthapps.console.lookup import find_application
from oauthapps.console.sub_pages import ACCESS, render_sub_page
from oauthapps.models.extents import Extent


@auditor_required
@require_safe
def access(request: HttpRequest, client_id: str) -> HttpResponse:
    """List the people an application may act for; of a machine application, itself and those of its keys."""
    application = find_application(client_id)
    context = list_context(request, Extent(application=application), PeopleSearch(request.GET))
    return render_sub_page(request, ACCESS, application, "console/application/access.html", context)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke(request: HttpRequest, client_id: str, subject: str) -> HttpResponse:
    """Revoke an application's access to what one person has, or for itself."""
    application = find_application(client_id)
    person = None if subject == application.service_id else get_object_or_404(User, user_id=subject)
    return revoke_page(request, single(application, person), ACCESS.url_of(application))


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke_all(request: HttpRequest, client_id: str) -> HttpResponse:
    """Revoke all access of an application after saying how many people that is."""
    application = find_application(client_id)
    return revoke_page(request, Extent(application=application), ACCESS.url_of(application))


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke_older(request: HttpRequest, client_id: str) -> HttpResponse:
    """Revoke an application's access from before a day, likewise."""
    application = find_application(client_id)
    return older_page(request, Extent(application=application), ACCESS.url_of(application))
