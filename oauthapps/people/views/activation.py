"""Deactivating a person, after saying what that ends, and letting them come back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required, signed_in_user
from accounts.models import User
from audit.actors import Actor
from oauthapps.people.summary import PersonSummary
from oauthapps.services import activation


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def deactivate(request: HttpRequest, user_id: str) -> HttpResponse:
    """Deactivate a person after naming the applications that stop with them and saying how much ends."""
    person = get_object_or_404(User, user_id=user_id, is_active=True)
    if request.method != "POST":
        context = {
            "person": person,
            "summary": PersonSummary(person),
            "is_oneself": person == signed_in_user(request),
        }
        return render(request, "people/deactivate.html", context)
    try:
        ended = activation.deactivate(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, f"{person.display_name} wasn't deactivated. {error.message}")
        return redirect("person", person.user_id)
    if ended:
        messages.success(request, f"{person.display_name} was deactivated.")
    else:
        messages.info(request, f"{person.display_name} is already inactive.")
    return redirect("person", person.user_id)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def activate(request: HttpRequest, user_id: str) -> HttpResponse:
    """Let a person come back who had been deactivated."""
    person = get_object_or_404(User, user_id=user_id, joined_at__isnull=False)
    if request.method != "POST":
        return render(request, "people/activate.html", {"person": person})
    if activation.activate(person, actor=Actor.of(request)):
        messages.success(request, f"{person.display_name} was activated.")
    else:
        messages.info(request, f"{person.display_name} is already active.")
    return redirect("person", person.user_id)
