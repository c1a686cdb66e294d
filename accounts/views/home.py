"""Where signing in leads, and what somebody who forgot their password is told."""

from allauth.account.views import password_reset as send_password_mail
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import signed_in_user
from accounts.mail import can_send


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead administrators to the applications and tell members what they can do here."""
    if signed_in_user(request).is_administrator:
        return redirect("console:applications")
    return render(request, "people/home.html")


@login_not_required
def password_reset(request: HttpRequest) -> HttpResponse:
    """Mail a link to set a new password, or say whom to ask where no mail can be sent."""
    if not can_send():
        return render(request, "account/password_reset_without_mail.html")
    answer: HttpResponse = send_password_mail(request)
    if once_answered := getattr(request, "once_answered", None):
        answer._resource_closers.append(once_answered)  # type: ignore[attr-defined]
    return answer
