"""Setting a password with a one-time link: an invitation, or the way back of somebody who is locked out.

django-allauth's own page keeps the link's key in the session and in the URL's path, which access logs
show. Here it stands in the query, which they do not, and goes from there into the form and nowhere else.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.forms.passwords import NewPasswordForm
from accounts.models import LinkPurpose
from accounts.security.throttling import remember_network
from accounts.services.links import usable_link, use_link
from accounts.services.password_rule import may_use_password
from accounts.views.ways_in import password_page, ways_in
from audit.actors import Actor


@login_not_required
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """Let the bearer of a link set a password, once. Opening the link does nothing: mail servers do that."""
    key = request.POST.get("key") or request.GET.get("key", "")
    link = usable_link(key)
    if link is None:
        return page(request, "account/password_link_over.html", status=400)
    is_invitation = link.purpose == LinkPurpose.INVITATION
    providers = ways_in().providers if is_invitation else ()
    request.leads_to_provider = bool(providers)  # type: ignore[attr-defined]
    if not may_use_password(link.user):
        context = {"person": link.user, "providers": providers}
        return page(request, "account/invitation_by_provider.html", context, status=200)
    form = NewPasswordForm(request.POST or None, user=link.user, temp_key=key)
    if request.method == "POST" and form.is_valid():
        if not use_link(link, form.cleaned_data["password1"], actor=Actor.of(request)):
            return page(request, "account/password_link_over.html", status=400)
        # Otherwise whoever is signed in here would go on, and the one of the link would not notice.
        logout(request)
        remember_network(request)
        messages.success(request, "Your password is set. Sign in with it.")
        return redirect(password_page(request))
    context = {
        "form": form,
        "key": key,
        "person": link.user,
        "is_invitation": is_invitation,
        "providers": providers,
        "somebody_else": request.user
        if request.user.is_authenticated and request.user != link.user
        else None,
    }
    return page(request, "account/password_link.html", context, status=422 if form.errors else 200)


@sensitive_variables("context")
def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int
) -> HttpResponse:
    """Answer with a page whose styles and links do not repeat its URL, key and all, as their Referer.

    A proxy's access log often shows that header. The origin stays: Django wants it with the form.
    """
    response = render(request, template, context, status=status)
    response["Referrer-Policy"] = "strict-origin"
    return response
