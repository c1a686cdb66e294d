"""Access pages as views show them: the list, and the pages that say first what revoking ends."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import signed_in_user
from accounts.models import User
from audit.actors import Actor
from common.filters import FilterForm
from common.words import counted
from oauthapps.access.forms import OlderForm
from oauthapps.access.listing import Place, rows_of_page
from oauthapps.models import Application
from oauthapps.models.extents import Extent
from oauthapps.services.access_mail import audience_of, tell_of_revoked_access, telling_later
from oauthapps.services.revocation import Revoked, impact_of, people_or_applications, revoke


def list_context(request: HttpRequest, extent: Extent, asked: FilterForm) -> dict[str, Any]:
    """Return what a list shows of one page.

    Args:
        request: its query has the search and the page.
        extent: what there is to list, of one application or of one person.
        asked: the search, bound to the query.
    """
    place = Place.parse(request.GET.get("before", ""))
    rows, following = rows_of_page(extent, asked.chosen.get("q", ""), place)
    return {
        "asked": asked,
        "rows": rows,
        "following": following,
        "is_first": place.is_first,
        "of_person": extent.person is not None,
        "here": request.path,
    }


def single(application: Application, person: User | None) -> Extent:
    """Return the access of one application to what one person has, or for itself."""
    return Extent(application=application, person=person, is_own=person is None)


def revoke_page(request: HttpRequest, extent: Extent, back: str, **shown: Any) -> HttpResponse:
    """Say what revoking an extent ends, and do it once that is confirmed.

    Args:
        request: GET to be told, POST to do it.
        extent: which access.
        back: the URL of the list.
        shown: what the page shows besides.
    """
    if request.method != "POST":
        return render(request, "access/revoke.html", context_of(extent, back) | shown)
    audience, administrator = audience_of(extent), signed_in_user(request)
    tell_people = telling_later(extent, by=administrator) if audience.later else None
    revoked = revoke(extent, actor=Actor.of(request), tell_people=tell_people)
    tell(request, extent, revoked)
    if not revoked.is_nothing:
        tell_of_revoked_access(audience.at_once, extent, by=administrator)
    if not revoked.is_whole:
        return redirect(request.get_full_path())
    return redirect(back)


def context_of(extent: Extent, back: str) -> dict[str, Any]:
    """Return what the page says about an extent."""
    impact = impact_of(extent)
    return {
        "extent": extent,
        "impact": impact,
        "impact_in_words": people_or_applications(extent, impact),
        "audience": audience_of(extent),
        "back": back,
    }


def tell(request: HttpRequest, extent: Extent, revoked: Revoked) -> None:
    """Tell the administrator what was revoked."""
    if revoked.is_nothing:
        messages.info(request, "There was nothing to revoke.")
        return
    words = people_or_applications(extent, revoked)
    tokens = counted(revoked.access_tokens, "access token")
    if not revoked.is_whole:
        messages.warning(request, f"Revoked so far: {words}, {tokens}. Some access is left: revoke again.")
        return
    messages.success(request, f"Access revoked: {tokens if extent.is_single else f'{words}, {tokens}'}.")


def older_page(request: HttpRequest, extent: Extent, back: str, **shown: Any) -> HttpResponse:
    """Ask before which day access was allowed, then do as `revoke_page`; the query has the day."""
    form = OlderForm(request.GET or None)
    if form.is_valid():
        older = Extent(application=extent.application, person=extent.person, before=form.cleaned_data["date"])
        return revoke_page(request, older, back, **shown)
    context = {"form": form, "extent": extent, "back": back, **shown}
    return render(request, "access/older.html", context, status=422 if form.errors else 200)
