"""Revert: the settings of an application as they were before a change, to be checked and saved."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import administrator_required
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.lookup import find_application
from oauthapps.console.reverting import filled_in, left_out, reverted_event, values_before, version_before
from oauthapps.console.views.settings import show, version_shown


@administrator_required
@require_safe
def revert(request: HttpRequest, client_id: str, pk: int) -> HttpResponse:
    """Show the settings with the values from before an event; nothing is saved yet."""
    found = find_application(client_id)
    event = reverted_event(found, str(pk))
    if event is None:
        raise Http404
    form_type = form_class(found.app_type)
    unbound, stored = form_type(application=found), RedirectURLRows.stored(found)
    values = values_before(event, unbound)
    data = filled_in(unbound, stored.stored_urls, values)
    form = form_type(data, application=found)
    form.keep_unchecked()
    messages.info(request, "These are the values from before that change. Check them, then save.")
    if gone := left_out(event, unbound, values):
        messages.warning(request, f"No longer available, and left out: {', '.join(gone)}")
    return show(
        request,
        found,
        form,
        RedirectURLRows.sent(found, data),
        version_before(version_shown(found, unbound, stored), event, values),
        action=found.get_absolute_url(),
        reverts=str(event.pk),
    )
