"""Where signing in leads, the people of the organisation, and letting one of them back in."""

from allauth.account.views import password_reset as send_password_mail
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.access import administrator_required, recent_sign_in_required, signed_in_user
from accounts.actors import Actor
from accounts.models import User
from accounts.services import password_link

PEOPLE_PER_PAGE = 50


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead administrators to the applications and tell members what they can do here."""
    if signed_in_user(request).is_administrator:
        return redirect("console:applications")
    return render(request, "people/home.html")


@login_not_required
def password_reset(request: HttpRequest) -> HttpResponse:
    """Mail a link to set a new password, or say whom to ask where no mail can be sent."""
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return render(request, "account/password_reset_without_mail.html")
    answer: HttpResponse = send_password_mail(request)
    return answer


@administrator_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """List the people of the organisation, or those whose names contain a text."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    found = User.objects.order_by("name", "username", "pk")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))
    page = Paginator(found, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/people.html", {"page": page, "text": text})


@administrator_required
@sensitive_variables("context")
@require_POST
@recent_sign_in_required
def make_password_link(request: HttpRequest, user_id: str) -> HttpResponse:
    """Make a link with which an active person sets a new password, and show it for the only time."""
    person = get_object_or_404(User, user_id=user_id, is_active=True)
    context = {"person": person, "link": password_link(person, actor=Actor.of(request))}
    response = render(request, "people/password_link.html", context)
    response["Cache-Control"] = "no-store"
    return response
