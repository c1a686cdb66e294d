"""Use it: what an integration's developer needs, with the application's own ids and URLs."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from oauthapps.console.env_file import env_file
from oauthapps.console.file_names import ENV_FILE, file_name
from oauthapps.console.instructions import subject_of
from oauthapps.console.lookup import find_application
from oauthapps.console.programs import LANGUAGES, language_of, steps_in
from oauthapps.console.sub_pages import USE_IT, render_sub_page


@auditor_required
@require_safe
def use(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show how to use an application: its configuration, and the steps of its flow."""
    found = find_application(client_id)
    keys = list(found.keys.usable().select_related("user")) if found.type.exchanges_jwts else []
    urls = [row.url for row in found.redirect_urls.all()] if found.type.has_redirect_urls else []
    language = language_of(request.GET.get("in", ""), found)
    context = {
        "env_file": env_file(found, subject=subject_of(found, keys)),
        "env_file_name": file_name(found, ENV_FILE),
        "steps": steps_in(language, found, urls, keys),
        "language": language,
        "languages": LANGUAGES[found.type.flow],
    }
    return render_sub_page(request, USE_IT, found, "console/application/use.html", context)
