"""Linked accounts: people's own, and everybody's for administrators."""

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import administrator_required, recent_sign_in_required, signed_in_user
from accounts.models import User
from accounts.services.identities import identities_of, unlink
from accounts.services.linked_identities import LinkedIdentity, has_another_way_in, linked_identities
from audit.actors import Actor

LAST_WAY_IN = (
    "This is your only way to sign in, so it can't be unlinked. Set a password first, or contact your "
    "organization's IT team."
)


@require_safe
def identities(request: HttpRequest) -> HttpResponse:
    """List the linked accounts of whoever is signed in."""
    listed = linked_identities(signed_in_user(request))
    return render(request, "security/identities.html", {"identities": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def unlink_identity(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to unlink an account of one's own, and do it, unless it is the last way in."""
    person = signed_in_user(request)
    identity = identity_or_404(person, pk)
    if not has_another_way_in(person, identity.row):
        messages.error(request, LAST_WAY_IN)
        return redirect("identities")
    if request.method != "POST":
        return render(request, "security/unlink_identity.html", {"identity": identity})
    unlink(identity.row, actor=Actor.of(request))
    messages.success(request, f"Unlinked: {identity.provider_name}")
    return redirect("identities")


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def unlink_identity_of_person(request: HttpRequest, user_id: str, pk: int) -> HttpResponse:
    """Say whether a person could still sign in without one of their linked accounts, and unlink it."""
    person = get_object_or_404(User, user_id=user_id)
    identity = identity_or_404(person, pk)
    if request.method != "POST":
        has_other = has_another_way_in(person, identity.row)
        context = {"person": person, "identity": identity, "has_another_way_in": has_other}
        return render(request, "people/unlink_identity.html", context)
    unlink(identity.row, actor=Actor.of(request))
    messages.success(request, f"{identity.provider_name} was unlinked from {person.display_name}.")
    return redirect("person", person.user_id)


def identity_or_404(person: User, pk: int) -> LinkedIdentity:
    """Return one of a person's linked accounts.

    Raises:
        Http404: when it is not theirs, or has been unlinked.
    """
    row: SocialAccount = get_object_or_404(identities_of(person), pk=pk)
    return next(each for each in linked_identities(person) if each.row.pk == row.pk)
