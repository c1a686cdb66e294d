"""The organisation: its name, what travels with authorization responses, and its Customer ID."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required
from accounts.actors import Actor
from accounts.models import Organization
from accounts.organization_forms import CustomerIdForm, ModelForm, OrganizationForm
from accounts.services.organization import change_organization
from oauthapps.app_types import AppType
from oauthapps.models import Application


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: HttpRequest) -> HttpResponse:
    """Show the organisation and change its name, domain and lane."""
    form = OrganizationForm(request.POST or None, instance=Organization.current())
    if request.method == "POST" and form.is_valid() and saved(request, form, form.changed_data):
        return redirect("organization")
    context = {"form": form, "organization": Organization.current()}
    return render(request, "people/organization.html", context, status=422 if form.errors else 200)


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def customer_id(request: HttpRequest) -> HttpResponse:
    """Change the Customer ID after saying what stops working."""
    current = Organization.current().customer_id
    form = CustomerIdForm(request.POST or None, instance=Organization(customer_id=""))
    if request.method == "POST" and form.is_valid() and saved(request, form, ["customer_id"]):
        return redirect("organization")
    machines = Application.objects.live().of_type(AppType.MACHINE_TO_MACHINE).order_by("name")
    context = {"form": form, "customer_id": current, "machines": machines}
    return render(request, "people/customer_id.html", context, status=422 if form.errors else 200)


def saved(request: HttpRequest, form: ModelForm, edited: list[str]) -> bool:
    """Save the fields that were edited and say so, or note at the form why not."""
    try:
        change_organization({field: form.cleaned_data[field] for field in edited}, actor=Actor.of(request))
    except ValidationError as error:
        form.add_error(None, error)
        return False
    labels = ", ".join(str(form.fields[field].label) for field in edited)
    messages.success(request, f"Saved: {labels}" if edited else "Nothing changed")
    return True
