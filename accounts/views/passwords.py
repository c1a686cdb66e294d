"""Forgotten passwords, and changing one's own."""

from typing import Any

from allauth.account.views import PasswordResetView, password_change
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods
from django.views.generic.edit import FormView

from accounts.access import signed_in_recently, signed_in_user
from accounts.models import User
from accounts.security.throttling import throttle_mail
from accounts.services.mail import can_send
from accounts.services.password_rule import may_use_password
from accounts.services.second_factors import second_factors_of

CLOSED = "You sign in with your organization's account, so there is no password to change here."
NONE_YET = "You have no password here. To set one, choose “Forgot your password?” on the sign-in page."


@method_decorator(login_not_required, name="dispatch")
class PasswordMailView(PasswordResetView):
    """Asks whose password is forgotten and mails a link, or says whom to ask where no mail can be sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the request; what the form left to be done follows once the answer has been sent."""
        if not can_send():
            return render(request, "account/password_reset_without_mail.html")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        if once_answered := getattr(request, "once_answered", None):
            answer._resource_closers.append(once_answered)  # type: ignore[attr-defined]
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Leave the mail for later, on an allowance of one's own: django-allauth's is the victim's too."""
        throttle_mail(self.request, form.cleaned_data["email"])
        form.save(self.request)
        answer: HttpResponse = FormView.form_valid(self, form)
        return answer


password_reset = PasswordMailView.as_view()


def reason_against(person: User) -> str:
    """Return why a person has no password to change; empty if they have one."""
    if not may_use_password(person):
        return CLOSED
    return "" if person.has_usable_password() else NONE_YET


@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's password; whoever has a second factor shows it first, not only the password of today."""
    if reason := reason_against(signed_in_user(request)):
        messages.info(request, reason)
        return redirect("security")
    if second_factors_of(signed_in_user(request)).are_on and not signed_in_recently(request):
        raise ReauthenticationRequired
    answer: HttpResponse = password_change(request)
    return answer
