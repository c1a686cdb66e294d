"""Connected apps: what a person allowed, and revoking it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import signed_in_user
from accounts.models import User
from audit.actors import Actor
from common.words import counted
from oauthapps.models import AccessToken, Application, CatalogVersion, Consent, RefreshToken
from oauthapps.models.access import Access, access_by_consent
from oauthapps.rules import lifetimes
from oauthapps.services.consents import withdraw, withdraw_all
from oauthapps.sql.catalog import catalog


@dataclass(frozen=True, kw_only=True)
class ConnectedApp:
    """An application that may act in a person's name.

    Attributes:
        application: the application.
        sentences: what it may do now; none where nothing that it was given works any more.
        until: until when, as a sentence.
        first_allowed_at: when the person allowed it for the first time.
        last_used_at: when it last got or refreshed a token; None if it never did.
    """

    application: Application
    sentences: list[str]
    until: str
    first_allowed_at: datetime
    last_used_at: datetime | None


def active_consents(user: User) -> QuerySet[Consent]:
    """Return what a person allows at present."""
    return (
        Consent.objects.in_force()
        .filter(user=user)
        .select_related("application", "application__logo")
        .defer("application__logo__png")
        .order_by("application__name", "pk")
    )


def connected_apps(user: User) -> list[ConnectedApp]:
    """Return a person's connected apps with their last use, in two statements."""
    # Access tokens are cleared away soon after they expire; refresh tokens stay as long as they can be used.
    rows = active_consents(user).annotate(
        issued_at=_latest(AccessToken.objects.all(), "created"),
        refreshed_at=_latest(RefreshToken.objects.all(), "last_used_at"),
        refresh_token_issued_at=_latest(RefreshToken.objects.all(), "created"),
        catalog_version=CatalogVersion.present().values("version"),
    )
    access = access_by_consent(user)
    return [_connected_app(row, access[row.pk]) for row in rows]


def _latest(tokens: QuerySet[Any], field: str) -> Subquery:
    own = tokens.filter(family__consent=OuterRef("pk")).order_by().values("family__consent")
    return Subquery(own.annotate(latest=Max(field)).values("latest"))


def _connected_app(row: Any, access: Access) -> ConnectedApp:  # a Consent with the annotations above
    uses = [row.issued_at, row.refreshed_at, row.refresh_token_issued_at]
    return ConnectedApp(
        application=row.application,
        sentences=catalog(row.catalog_version).sentences(access.scope),
        until=_until(row.application, access),
        first_allowed_at=row.first_allowed_at,
        last_used_at=max((use for use in uses if use), default=None),
    )


def _until(application: Application, access: Access) -> str:
    if access.renewable_since is None:
        return "It has to ask you each time."
    return lifetimes.until_sentence(
        application.absolute_expiration, application.inactivity_expiration, since=access.renewable_since
    )


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """List the applications that may act in this person's name."""
    return render(request, "connected/apps.html", {"apps": connected_apps(signed_in_user(request))})


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask whether to revoke one application's access, and do it."""
    consent = get_object_or_404(active_consents(signed_in_user(request)), application__client_id=client_id)
    if request.method != "POST":
        return render(request, "connected/revoke.html", {"application": consent.application})
    withdraw(consent, actor=Actor.of(request))
    messages.success(request, f"Access revoked for {consent.application.name}.")
    return redirect("connected:apps")


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_all(request: HttpRequest) -> HttpResponse:
    """Ask whether to revoke all applications' access, and do it."""
    user = signed_in_user(request)
    if request.method != "POST":
        return render(request, "connected/revoke.html", {"consents": active_consents(user)})
    count = withdraw_all(user, actor=Actor.of(request))
    applications = counted(count, "application")
    messages.success(
        request, f"Access revoked for {applications}." if count else "No applications were connected."
    )
    return redirect("connected:apps")
