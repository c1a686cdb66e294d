"""Provisioning: SCIM tokens, and the SCIM URL to enter in the directory with them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.access import (
    administrator_required,
    auditor_required,
    posted_from,
    recent_sign_in_required,
    step_up_required,
)
from accounts.models import ScimToken
from audit.actors import Actor
from oauthapps.console.idempotency import AlreadyProcessedError, explain_repeat, new_key, run_once
from oauthapps.console.views.reveal import forgotten, unkept
from oauthapps.http.issuer import scim_url
from oauthapps.services.scim_tokens import add_scim_token, delete_scim_token


class ScimTokenForm(forms.Form):
    """What a new SCIM token is for."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="The directory that uses it. Activity shows this name with every change it makes.",
    )


@auditor_required
@sensitive_variables("new")
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def scim_tokens(request: HttpRequest) -> HttpResponse:
    """List the SCIM tokens; create one and show it, for the only time."""
    form = ScimTokenForm(request.POST or None)
    if not form.is_valid():
        return show(request, form, status=422 if form.errors else 200)
    try:
        with run_once(request):
            new = add_scim_token(form.cleaned_data["name"], actor=Actor.of(request))
    except AlreadyProcessedError:
        explain_repeat(request)
        return redirect("scim-tokens")
    context = {"scim_token": new.value, "row": new.row, "scim_url": scim_url()}
    return unkept(render(request, "console/scim_tokens/reveal.html", context))


def show(request: HttpRequest, form: ScimTokenForm, *, status: int) -> HttpResponse:
    """Show the list, and the form for another one."""
    rows = ScimToken.objects.select_related("created_by")
    context = {"rows": rows, "form": form, "form_id": new_key(), "scim_url": scim_url()}
    return render(request, "console/scim_tokens/list.html", context, status=status)


@administrator_required
@posted_from("scim-tokens")
def stored(request: HttpRequest) -> HttpResponse:
    """Leave the page that shows a SCIM token for good: the browser forgets it, even for its Back button."""
    if "stored" not in request.POST:
        messages.warning(
            request,
            "You didn't confirm that you've saved it. It isn't shown again: if you don't have it, delete it "
            "and create a new one.",
        )
    return forgotten(redirect("scim-tokens"))


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a SCIM token after saying what stops."""
    row = get_object_or_404(ScimToken, pk=pk)
    if request.method != "POST":
        return render(request, "console/scim_tokens/delete.html", {"row": row})
    delete_scim_token(row, actor=Actor.of(request))
    messages.success(request, f"Deleted: the SCIM token {row.name}")
    return redirect("scim-tokens")
