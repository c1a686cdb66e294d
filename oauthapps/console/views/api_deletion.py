"""Deleting an API or one of its scopes: whom it affects first, then the deletion."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required
from audit.actors import Actor
from common.confirmation import ConfirmNameForm
from oauthapps.console.impact import impact_of_scopes
from oauthapps.console.lookup import find_api, find_scope
from oauthapps.services import apis
from oauthapps.services.scopes import delete_scope as delete


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def delete_api(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an API with all its scopes after showing whom that would hit."""
    api = find_api(pk)
    form = ConfirmNameForm(request.POST if request.method == "POST" else None, named=api.name, noun="API")
    if form.is_valid():
        apis.delete_api(api, actor=Actor.of(request))
        messages.success(request, f"Deleted: {api.name}")
        return redirect("console:apis")
    scopes = list(api.scopes.live())
    context = {
        "api": api,
        "scopes": scopes,
        "impact": impact_of_scopes([scope.name for scope in scopes]),
        "form": form,
    }
    return render(request, "console/apis/delete_api.html", context, status=422 if form.errors else 200)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def delete_scope(request: HttpRequest, pk: int, scope_pk: int) -> HttpResponse:
    """Delete a scope after showing whom that would hit."""
    scope = find_scope(pk, scope_pk)
    if request.method == "POST":
        delete(scope, actor=Actor.of(request))
        messages.success(request, f"Deleted: the scope {scope.name}")
        return redirect("console:api", pk)
    context = {"api": scope.api, "scope": scope, "impact": impact_of_scopes([scope.name])}
    return render(request, "console/apis/delete_scope.html", context)
