"""The Customer ID: the `iss` of every assertion, so that a new one stops applications."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.access import administrator_required, recent_sign_in_required
from accounts.forms.organization import CustomerIdForm
from accounts.models import Organization
from accounts.views.organization import show_or_save
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType


@administrator_required
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def customer_id(request: HttpRequest) -> HttpResponse:
    """Change the Customer ID after saying what stops working."""
    form = CustomerIdForm(request.POST or None, instance=Organization(customer_id=""))
    machines = Application.objects.live().of_type(AppType.MACHINE_TO_MACHINE).order_by("name")
    return show_or_save(request, form, "people/customer_id.html", machines=machines)
