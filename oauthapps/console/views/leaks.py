"""Is this ours?: which credential of this installation is in a pasted text."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required
from oauthapps.console.forms.trying import LeakForm
from oauthapps.console.leaks import credentials_in, looks_like_ours
from oauthapps.console.views.reveal import unkept
from oauthapps.rules.credential_values import PREFIXES


@administrator_required
@sensitive_post_parameters("pasted")
@sensitive_variables("form", "pasted", "context")
@require_http_methods(["GET", "HEAD", "POST"])
def is_this_ours(request: HttpRequest) -> HttpResponse:
    """Take a text and name the credentials in it; pages of their own end them."""
    form = LeakForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "prefixes": PREFIXES}
    if form.is_valid():
        pasted = form.cleaned_data["pasted"]
        context |= {
            "found": credentials_in(pasted),
            "looks_like_ours": looks_like_ours(pasted),
            "is_answer": True,
        }
    page = render(request, "console/is_this_ours.html", context, status=422 if form.errors else 200)
    return unkept(page)
