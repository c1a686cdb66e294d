"""The sign-in rules: who may use a password, and the emergency account."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import auditor_required, step_up_required
from accounts.forms.sign_in_rules import SignInRulesForm
from accounts.models import IdentityProvider, Organization
from accounts.oidc.registration import emergency_url
from accounts.pages.save_messages import tell_what_was_saved
from accounts.services.sign_in_rules import change_sign_in_rules, state_of
from audit.actors import Actor
from common.edits import BaseVersion, EditConflictError

TEMPLATE = "people/sign_in/rules.html"


@auditor_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def sign_in_rules(request: HttpRequest) -> HttpResponse:
    """Show who may sign in with a password, or change it."""
    organization = Organization.current()
    form = SignInRulesForm(request.POST if request.method == "POST" else None, organization=organization)
    context = {
        "form": form,
        "has_provider": IdentityProvider.objects.filter(is_enabled=True).exists(),
        "emergency_url": emergency_url(),
    }
    if request.method != "POST":
        base_version = BaseVersion.shown(state_of(organization))
        return render(request, TEMPLATE, {**context, "base_version": base_version})
    context["base_version"] = base_version = BaseVersion.sent(request.POST)
    if form.is_valid():
        values = {name: value for name, value in form.values().items() if not base_version.takes_theirs(name)}
        try:
            changes = change_sign_in_rules(values, based_on=base_version.accepted, actor=Actor.of(request))
        except EditConflictError as error:
            return render(request, TEMPLATE, {**context, "edit_conflicts": error.conflicts}, status=409)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tell_what_was_saved(request, changes)
            return redirect("identity-providers")
    return render(request, TEMPLATE, context, status=422)
