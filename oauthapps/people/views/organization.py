"""The organization: its name, what travels with authorization responses, and how long secrets live."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from accounts.access import auditor_required, step_up_required
from accounts.forms.organization import OrganizationForm
from accounts.models import Organization
from accounts.views.organization import show_or_save
from oauthapps.services.long_lived_secrets import long_lived_secrets


@auditor_required
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def organization(request: HttpRequest) -> HttpResponse:
    """Show the organization and change it; secrets that live longer than its rule says are named."""
    current = Organization.current()
    form = OrganizationForm(request.POST or None, instance=current)
    long_lived = long_lived_secrets(current.secret_days)
    return show_or_save(request, form, "people/organization.html", long_lived=long_lived)
