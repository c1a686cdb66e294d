"""Access: the applications that may act for a person, and revoking that."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, auditor_required, recent_sign_in_required
from accounts.models import User
from oauthapps.access.forms import ApplicationSearch
from oauthapps.access.pages import list_context, older_page, revoke_page, single
from oauthapps.models import Application
from oauthapps.models.extents import Extent


@auditor_required
@require_safe
def access(request: HttpRequest, user_id: str) -> HttpResponse:
    """List the applications that may act for a person, and those with keys that act as them."""
    person = get_object_or_404(User, user_id=user_id)
    context = list_context(request, Extent(person=person), ApplicationSearch(request.GET))
    return render(request, "people/access.html", {"person": person, **context})


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke(request: HttpRequest, user_id: str, client_id: str) -> HttpResponse:
    """Revoke one application's access to what a person has."""
    person = get_object_or_404(User, user_id=user_id)
    application = get_object_or_404(Application.objects.live(), client_id=client_id)
    extent = single(application, person)
    return revoke_page(request, extent, url_of(person), is_from_person=True)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke_all(request: HttpRequest, user_id: str) -> HttpResponse:
    """Revoke all applications' access to what a person has after saying how many those are."""
    person = get_object_or_404(User, user_id=user_id)
    return revoke_page(request, Extent(person=person), url_of(person), is_from_person=True)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def revoke_older(request: HttpRequest, user_id: str) -> HttpResponse:
    """Revoke access to what a person has from before a day, likewise."""
    person = get_object_or_404(User, user_id=user_id)
    return older_page(request, Extent(person=person), url_of(person), is_from_person=True)


def url_of(person: User) -> str:
    """Return the URL of a person's Access page."""
    return reverse("person-access", args=[person.user_id])
