"""Inviting people, again where it took too long, and taking an invitation back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required
from accounts.forms.people import PersonForm
from accounts.models import Role, User
from accounts.services import invitations, mail
from audit.actors import Actor


@administrator_required
@sensitive_variables("link")
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody."""
    form = PersonForm(request.POST or None, instance=User(is_active=False, joined_at=None))
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            person, link = invitations.invite(
                username=asked["username"],
                email=asked["email"],
                role=Role(asked["role"]),
                name=asked["name"],
                actor=Actor.of(request),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return deliver_invitation(request, person, link)
    return render(request, "people/invite.html", {"form": form}, status=422 if form.errors else 200)


@administrator_required
@sensitive_variables("link")
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def invite_again(request: HttpRequest, user_id: str) -> HttpResponse:
    """Make another invitation for somebody who has not joined, after saying that the earlier one ends."""
    person = get_object_or_404(User, user_id=user_id, joined_at=None)
    if request.method != "POST":
        return render(request, "people/invite_again.html", {"person": person})
    try:
        link = invitations.invite_again(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect("person", person.user_id)
    return deliver_invitation(request, person, link)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def withdraw(request: HttpRequest, user_id: str) -> HttpResponse:
    """Take an invitation back, after asking."""
    person = get_object_or_404(User, user_id=user_id, joined_at=None)
    if request.method != "POST":
        return render(request, "people/withdraw_invitation.html", {"person": person})
    if invitations.withdraw_invitation(person, actor=Actor.of(request)):
        messages.success(request, f"The invitation for {person.display_name} was withdrawn.")
    else:
        messages.info(request, f"{person.display_name} had no open invitation.")
    return redirect("person", person.user_id)


@sensitive_variables("link", "context")
def deliver_invitation(request: HttpRequest, person: User, link: str) -> HttpResponse:
    """Mail an invitation where that works; else show its link, for the only time."""
    if mail.can_send() and mail.send_invitation(person, link):
        messages.success(request, f"An invitation was sent to {person.email}.")
        return redirect("person", person.user_id)
    context = {"person": person, "link": link, "mail_failed": mail.can_send()}
    response = render(request, "people/invitation_link.html", context)
    response["Cache-Control"] = "no-store"
    return response
