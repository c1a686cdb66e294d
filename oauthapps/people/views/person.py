"""What is known of one person, and what acts in their name."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import auditor_required, signed_in_user
from accounts.models import User
from accounts.services.linked_identities import listed_identities
from accounts.services.links import invitation_of
from accounts.services.password_rule import with_password_rule
from oauthapps.people.summary import PersonSummary


@auditor_required
@require_safe
def person(request: HttpRequest, user_id: str) -> HttpResponse:
    """Show what is known of a person, what they allowed and what they own."""
    someone = get_object_or_404(with_password_rule(User.objects.all()), user_id=user_id)
    context = {
        "person": someone,
        "summary": PersonSummary(someone),
        "is_oneself": someone == signed_in_user(request),
        "activity_url": f"{reverse('console:activity')}?{urlencode({'who': someone.username})}",
        "invitation": invitation_of(someone),
        "identities": listed_identities(someone),
    }
    return render(request, "people/person.html", context)
