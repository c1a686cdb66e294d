"""Setting a new password with a one-time link, mailed or handed over by an administrator.

django-allauth's own page keeps the link's key in the session and in the address's path, which access logs
show. Here it stands in the query, which they do not, and goes from there into the form and nowhere else.
"""

from allauth.account.forms import ResetPasswordKeyForm, default_token_generator
from allauth.account.utils import url_str_to_user_pk
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.models import User
from accounts.services import change_password


@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """Let the bearer of a link set a new password, once."""
    key = request.POST.get("key") or request.GET.get("key", "")
    user = person_of(key)
    if user is None:
        return render(request, "account/password_link_over.html", status=400)
    form = ResetPasswordKeyForm(request.POST or None, user=user, temp_key=key)
    if request.method == "POST" and form.is_valid():
        change_password(user, form.cleaned_data["password1"], actor=Actor.of(request))
        messages.success(request, "Your new password is set: sign in with it.")
        return redirect("account_login")
    context = {"form": form, "key": key, "person": user}
    return render(request, "account/password_link.html", context, status=422 if form.errors else 200)


def person_of(key: str) -> User | None:
    """Return the active person whose unused link carries this key."""
    uid, _, token = key.partition("-")
    try:
        user = User.objects.filter(pk=url_str_to_user_pk(uid), is_active=True).first()
    except (ValueError, OverflowError):
        return None
    return user if user is not None and default_token_generator.check_token(user, token) else None
