"""Connected apps: what a person allowed, shortening and revoking it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import signed_in_user
from accounts.models import User
from audit.actors import Actor
from common.words import counted
from oauthapps.models import Application, CatalogVersion, Consent, TokenFamily
from oauthapps.models.access import Access, access_by_consent, access_of, last_use_of, last_uses
from oauthapps.models.consents import EXPLAINED_FOR, EndReason
from oauthapps.rules.scopes import OFFLINE_ACCESS
from oauthapps.rules.time_limits import TimeLimit, limits_before
from oauthapps.services.consents import shorten, withdraw, withdraw_all
from oauthapps.sql.catalog import Catalog, catalog


@dataclass(frozen=True, kw_only=True)
class ConnectedApp:
    """An application that may act in a person's name.

    Attributes:
        application: the application.
        allowed: what it may do now, as sentences below headings, of which some are empty; none where nothing
            that it was given works any more.
        until: until when, as a sentence.
        can_be_shortened: whether there is a time limit that would end it sooner.
        first_allowed_at: when the person allowed it for the first time.
        last_used_at: when it last got or refreshed a token; None if it never did.
    """

    application: Application
    allowed: list[tuple[str, list[str]]]
    until: str
    can_be_shortened: bool
    first_allowed_at: datetime
    last_used_at: datetime | None


def active_consents(user: User) -> QuerySet[Consent]:
    """Return what a person allows at present."""
    return _consents(user).filter(withdrawn_at=None)


def _consents(user: User) -> QuerySet[Consent]:
    return (
        Consent.objects.filter(user=user, application__deleted_at=None)
        .select_related("application", "application__logo")
        .defer("application__logo__png")
        .order_by("application__name", "pk")
    )


def connected_apps(user: User) -> tuple[list[ConnectedApp], list[Consent]]:
    """Return a person's connected apps with their last use, in two statements.

    Returns:
        The apps; and the consents that an administrator withdrew lately.
    """
    revoked = TokenFamily.objects.filter(
        consent=OuterRef("pk"),
        end_reason=EndReason.REVOKED_BY_ADMINISTRATOR,
        ended_at__gt=timezone.now() - EXPLAINED_FOR,
        ended_at__gte=OuterRef("withdrawn_at"),  # else the person allowed it again, and withdrew it since
    )
    rows = (
        _consents(user)
        .filter(Q(withdrawn_at=None) | Exists(revoked))
        .annotate(**last_uses(), catalog_version=CatalogVersion.present().values("version"))
    )
    access = access_by_consent(user)
    apps = [_connected_app(row, access[row.pk]) for row in rows if row.withdrawn_at is None]
    return apps, [row for row in rows if row.withdrawn_at is not None]


def _connected_app(row: Any, access: Access) -> ConnectedApp:  # a Consent with the annotations above
    return ConnectedApp(
        application=row.application,
        allowed=_allowed(access.scope, catalog(row.catalog_version)),
        until=access.until_sentence(row.application),
        can_be_shortened=bool(time_limits(row.application, access)),
        first_allowed_at=row.first_allowed_at,
        last_used_at=last_use_of(row),
    )


def _allowed(names: Iterable[str], known: Catalog) -> list[tuple[str, list[str]]]:
    """Return what scopes say, below the names of their APIs if not all are for the built-in one.

    Keeping access is for all of them, so it stands below none, as on the consent page.
    """
    found = known.by_api(names)
    if all(api.is_built_in for api, _ in found):
        return [("", list(said.values())) for _, said in found]
    kept = [said.pop(OFFLINE_ACCESS) for _, said in found if OFFLINE_ACCESS in said]
    by_api = [(api.name, list(said.values())) for api, said in found if said]
    return [*by_api, ("", kept)] if kept else by_api


def time_limits(application: Application, access: Access) -> list[tuple[TimeLimit, datetime]]:
    """Return the time limits that would end an application's access sooner, each with its end."""
    if access.renewable_since is None:
        return []
    return limits_before(access.last_end(application), timezone.now())


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """List the applications that may act in this person's name."""
    user = signed_in_user(request)
    found, revoked = connected_apps(user)
    return render(request, "connected/apps.html", {"apps": found, "revoked": revoked})


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
def time_limit(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask for how much longer an application may keep access, and end it then."""
    consent = get_object_or_404(active_consents(signed_in_user(request)), application__client_id=client_id)
    access = access_of(consent)
    offered = time_limits(consent.application, access)
    if not offered:
        messages.info(request, f"Access for {consent.application.name} already ends sooner.")
        return redirect("connected:apps")
    chosen = request.POST.get("time_limit")
    for limit, _ in offered:
        if limit == chosen:
            shorten(consent, limit, actor=Actor.of(request))
            messages.success(request, f"Access for {consent.application.name} ends in {limit.label}.")
            return redirect("connected:apps")
    context = {
        "application": consent.application,
        "until": access.until_sentence(consent.application),
        "time_limits": offered,
        "is_refused": request.method == "POST",
    }
    return render(request, "connected/time_limit.html", context, status=422 if context["is_refused"] else 200)


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
