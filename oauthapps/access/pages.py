"""Access pages as views show them: the list, and the pages that say first what revoking ends."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from accounts.services.mail import can_send
from audit.actors import Actor
from common.filters import FilterForm
from common.words import counted
from oauthapps.access.forms import OlderForm
from oauthapps.access.listing import AccessRow, rows_of_page
from oauthapps.access.machines import machine_rows
from oauthapps.models import Application, Consent
from oauthapps.models.extents import Extent
from oauthapps.services.access_mail import tell_of_revoked_access
from oauthapps.services.revocation import Revoked, impact_of, people_or_applications, revoke

LARGEST_ID = 2**63 - 1


def list_context(request: HttpRequest, extent: Extent, asked: FilterForm) -> dict[str, Any]:
    """Return what a list shows: machines on its first page, and the consents of one page.

    Args:
        request: its query has the search and the page.
        extent: what there is to list.
        asked: the search, bound to the query.
    """
    text = asked.chosen.get("q", "")
    before = consent_id(request.GET.get("before", ""))
    rows, following = rows_of_page(found(extent, text), before) if extent.has_consents else ([], None)
    if extent.has_machines and before is None:
        machines = machine_rows(extent)
        rows = [row for row in machines if text.casefold() in searched(row, extent)] + rows
    return {
        "asked": asked,
        "rows": rows,
        "following": following,
        "is_first": before is None,
        "of_person": extent.person is not None,
        "here": request.path,
    }


def found(extent: Extent, text: str) -> QuerySet[Consent]:
    """Return the consents whose other side's name contains a text."""
    consents = extent.consents
    if not text:
        return consents
    if extent.person is not None:
        return consents.filter(application__name__icontains=text)
    of_name = Q(user__name__icontains=text) | Q(user__username__icontains=text)
    return consents.filter(of_name | Q(user__email__icontains=text))


def searched(row: AccessRow, extent: Extent) -> str:
    """Return the text of a machine's row that a search is for."""
    if extent.person is not None or row.person is None:
        return row.application.name.casefold()
    return f"{row.person.name}\n{row.person.username}\n{row.person.email}".casefold()


def consent_id(text: str) -> int | None:
    """Return the id that a query names; what is none is as good as nothing."""
    is_number = text.isascii() and text.isdecimal()
    return int(text) if is_number and len(text) < len(str(LARGEST_ID)) else None


def single(application: Application, person: User | None) -> Extent:
    """Return the access of one application to what one person has, or for itself; 404 where there is none."""
    extent = Extent(application=application, person=person, is_own=person is None)
    if not extent.consents.exists() and not extent.machine_tokens.exists():
        raise Http404
    return extent


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
    revoked = revoke(extent, actor=Actor.of(request))
    tell(request, extent, revoked)
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
        "is_mailed": can_send() and extent.is_single and extent.person and extent.person.wants_access_mail,
        "back": back,
    }


def tell(request: HttpRequest, extent: Extent, revoked: Revoked) -> None:
    """Tell the administrator what was revoked, and the person if it was theirs alone."""
    if revoked.is_nothing:
        messages.info(request, "There was nothing to revoke.")
        return
    words = people_or_applications(extent, revoked)
    tokens = counted(revoked.access_tokens, "access token")
    if not revoked.is_whole:
        messages.warning(request, f"Revoked so far: {words}, {tokens}. There is more: revoke again.")
        return
    messages.success(request, f"Access revoked: {tokens if extent.is_single else f'{words}, {tokens}'}.")
    if extent.is_single and extent.person is not None and extent.application is not None:
        tell_of_revoked_access(extent.person, extent.application)


def older_page(request: HttpRequest, extent: Extent, back: str, **shown: Any) -> HttpResponse:
    """Ask before which day access was allowed, then do as `revoke_page`; the query has the day."""
    form = OlderForm(request.GET or None)
    if form.is_valid():
        older = Extent(application=extent.application, person=extent.person, before=form.cleaned_data["date"])
        return revoke_page(request, older, back, **shown)
    context = {"form": form, "extent": extent, "back": back, **shown}
    return render(request, "access/older.html", context, status=422 if form.errors else 200)
