"""Linking an account at the first sign-in with it, by the person's password."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.adapters.provider_logins import begin_confirmed_login
from accounts.forms.identities import ConfirmIdentityForm
from accounts.models import User
from accounts.oidc.proved import Confirmation, seal, unseal
from accounts.pages.next_pages import redirect_to_page

SESSION_KEY = "identity_to_confirm"


@sensitive_variables()
def ask_for_password(request: HttpRequest, waiting: Confirmation) -> HttpResponse:
    """Redirect to the page that asks for the password of the person to link."""
    request.session[SESSION_KEY] = seal(waiting)
    return redirect("confirm-identity")


@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_identity(request: HttpRequest) -> HttpResponse:
    """Check the password, and continue the sign-in, which links the account at its end.

    Raises:
        TooManyAttemptsError: after too many wrong ones.
    """
    waiting = unseal(request.session.get(SESSION_KEY, ""))
    person = User.objects.filter(pk=waiting.user_pk, is_active=True).first() if waiting else None
    if request.user.is_authenticated:
        return redirect_to_page(waiting.next_url if waiting and waiting.next_url else "/")
    if waiting is None or person is None:
        return redirect("account_login")
    form = ConfirmIdentityForm(request.POST or None, request=request, person=person)
    if request.method == "POST" and form.is_valid():
        del request.session[SESSION_KEY]
        return begin_confirmed_login(request, person, waiting)
    context = {"form": form, "person": person, "provider_name": waiting.identity.provider_name}
    return render(request, "account/confirm_identity.html", context, status=422 if form.errors else 200)
