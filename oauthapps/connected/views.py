"""Connected apps: what a person allowed, and taking it back."""

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import signed_in_user
from accounts.actors import Actor
from accounts.models import User
from oauthapps import scopes
from oauthapps.models import Consent
from oauthapps.services.consents import withdraw, withdraw_all


def standing(user: User) -> QuerySet[Consent]:
    """Return what a person allows at present, with the last time each was used."""
    return (
        Consent.objects.filter(user=user, withdrawn_at=None, application__deleted_at=None)
        .select_related("application", "application__logo")
        .defer("application__logo__png")
        .annotate(last_used_at=Max("families__access_tokens__created"))
        .order_by("application__name")
    )


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """List the applications that may act in this person's name."""
    consents = [
        (consent, [scopes.SCOPES[scope] for scope in scopes.parse(consent.scope)])
        for consent in standing(signed_in_user(request))
    ]
    return render(request, "connected/apps.html", {"consents": consents})


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask whether to disconnect one application, and do it."""
    consent = get_object_or_404(standing(signed_in_user(request)), application__client_id=client_id)
    if request.method != "POST":
        return render(request, "connected/revoke.html", {"application": consent.application})
    withdraw(consent, actor=Actor.of(request))
    messages.success(request, f"{consent.application.name} can no longer act in your name.")
    return redirect("connected:apps")


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_all(request: HttpRequest) -> HttpResponse:
    """Ask whether to disconnect all applications, and do it."""
    user = signed_in_user(request)
    if request.method != "POST":
        return render(request, "connected/revoke.html", {"consents": standing(user)})
    count = withdraw_all(user, actor=Actor.of(request))
    messages.success(request, f"Disconnected: {count}." if count else "No application was connected.")
    return redirect("connected:apps")
