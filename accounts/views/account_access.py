"""What administrators do for somebody who lost a device, or whose account somebody else may be in."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required, signed_in_user
from accounts.models import User
from accounts.services import mail
from accounts.services.second_factors import reset_second_factors
from accounts.services.security_mail import send_second_factors_reset, send_sessions_ended
from accounts.services.sessions import end_all_sessions
from accounts.services.sign_in_summary import SignInSummary
from audit.actors import Actor
from common.words import counted

NOT_MAILED = "The email that tells them couldn't be sent yet. It will be tried again."


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def end_sessions(request: HttpRequest, user_id: str) -> HttpResponse:
    """Say how many sessions an active person has, and end all of them."""
    person = get_object_or_404(User, user_id=user_id, is_active=True)
    if request.method != "POST":
        return confirmation_page(request, person, "people/end_sessions.html")
    administrator = signed_in_user(request)
    try:
        count = end_all_sessions(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect("person", person.user_id)
    if count:
        messages.success(request, f"{counted(count, 'session')} of {person.display_name} ended.")
        tell_by_mail(request, lambda: send_sessions_ended(person, count=count, by=administrator))
    else:
        messages.info(request, f"{person.display_name} had no sessions.")
    return redirect("person", person.user_id)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def reset_factors(request: HttpRequest, user_id: str) -> HttpResponse:
    """Say which second factors an active person has, and remove all of them."""
    person = get_object_or_404(User, user_id=user_id, is_active=True)
    if request.method != "POST":
        return confirmation_page(request, person, "people/reset_second_factors.html")
    administrator = signed_in_user(request)
    try:
        reset = reset_second_factors(person, actor=Actor.of(request))
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect("person", person.user_id)
    if reset:
        removed = reset.removed.in_words
        messages.success(
            request,
            f"Second factors of {person.display_name} removed: {removed}. "
            f"{counted(reset.sessions, 'session')} ended.",
        )
        tell_by_mail(
            request,
            lambda: send_second_factors_reset(person, removed=removed, by=administrator),
        )
    else:
        messages.info(request, f"{person.display_name} had no second factors.")
    return redirect("person", person.user_id)


def confirmation_page(request: HttpRequest, person: User, template: str) -> HttpResponse:
    """Return the page that says what would end, or that this is one's own account."""
    context = {
        "person": person,
        "summary": SignInSummary(person),
        "is_oneself": person == signed_in_user(request),
        "is_told_by_mail": mail.can_send(),
    }
    return render(request, template, context)


def tell_by_mail(request: HttpRequest, send: Callable[[], bool]) -> None:
    """Mail a person what was done to their account, where a mail server is set; say so if that fails."""
    if mail.can_send() and not send():
        messages.warning(request, NOT_MAILED)
