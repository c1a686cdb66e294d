"""Requiring a second factor for System: who is affected, and how long they have to set one up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, signed_in_user, step_up_required
from accounts.models import Organization
from accounts.services.second_factor_rule import (
    deadline_of,
    set_second_factor_rule,
    without_second_factor,
)
from accounts.services.second_factors import second_factors_of
from audit.actors import Actor

# How many people without a second factor the page names; it counts the others.
MOST_NAMED = 20
RULES = {"on": True, "off": False}
# What the next page says, by what was asked for and whether that is new.
SAID = {
    (True, True): "Administrators and auditors now need a second factor.",
    (False, True): "Administrators and auditors no longer need a second factor.",
    (True, False): "Administrators and auditors already need a second factor.",
    (False, False): "A second factor is already optional for administrators and auditors.",
}


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def second_factor_rule(request: HttpRequest) -> HttpResponse:
    """Say what requiring a second factor does and for whom, and require one, or no longer."""
    required = RULES.get(request.POST.get("required", ""))
    if required is not None:
        return change_rule(request, required=required)
    required_at = Organization.current().second_factor_required_at
    without = without_second_factor()
    count = without.count()
    context = {
        "required_at": required_at,
        "without": [
            (person, deadline_of(person, required_at or timezone.now())) for person in without[:MOST_NAMED]
        ],
        "count": count,
        "others": max(0, count - MOST_NAMED),
        "has_second_factor": second_factors_of(signed_in_user(request)).are_on,
    }
    return render(request, "people/second_factor_rule.html", context)


def change_rule(request: HttpRequest, *, required: bool) -> HttpResponse:
    """Require a second factor, or no longer, and lead back to the organization."""
    is_new = set_second_factor_rule(required=required, actor=Actor.of(request))
    tell = messages.success if is_new else messages.info
    tell(request, SAID[required, is_new])
    return redirect("organization")
