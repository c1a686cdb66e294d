"""The consent page of an application as a person would see it, for administrators; nothing can be decided."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from accounts.models import User
from oauthapps.models import Application
from oauthapps.models.access import Access
from oauthapps.oauth2.consent_page import ConsentPage
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.sql.catalog import current_catalog

WITHOUT_REDIRECT_URL = "https://app.example.com/callback"


@auditor_required
@require_safe
def preview(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show the consent page for the scopes in the query, as a person sees it who has allowed nothing yet."""
    live = Application.objects.live().select_related("organization", "logo")
    application = get_object_or_404(live.defer("logo__png"), client_id=client_id)
    if not application.type.has_redirect_urls:
        raise Http404
    asked = request_of(application, request.GET.getlist("scope"))
    page = ConsentPage(asked=asked, consent=None, access=Access(), now=timezone.now())
    context: dict[str, Any] = page.whole_context() | {
        "is_preview": True,
        "user": User(username="alex", name="Alex Example", email="alex@example.com"),
        "choices": [(name, name in asked.scopes) for name in available_to(application)],
    }
    return render(request, "oauth2/consent.html", context)


def request_of(application: Application, scope: list[str]) -> AuthorizationRequest:
    """Return an authorization request for some scopes; by default for what one that names none is for."""
    asked, available = AuthorizationRequest({}), available_to(application)
    asked.client, asked.catalog = application, current_catalog()
    asked.scopes = [name for name in available if name in scope] or list(asked.catalog.defaults(available))
    asked.redirect_url = application.redirect_urls.first()
    asked.redirect_uri = asked.redirect_url.url if asked.redirect_url else WITHOUT_REDIRECT_URL
    return asked


def available_to(application: Application) -> tuple[str, ...]:
    """Return the scopes that an application may ask for now."""
    return current_catalog().effective(application.allowed_scope, application.allowed_scope)
