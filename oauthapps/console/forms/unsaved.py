"""What was typed into an application's settings while something else was asked for, such as a client secret.

The buttons that add credentials send the settings along. The page that answers carries them as hidden fields,
and its way out brings them back, still unsaved.
"""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from common import edits
from oauthapps.console import once
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.people import KEPT_LOGO, PeopleForm
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.models import Application

RESUME = "resume"
NOT_SETTINGS = {"csrfmiddlewaretoken", once.FIELD, "notes"}


def unsaved_fields(request: HttpRequest, application: Application) -> list[tuple[str, str]]:
    """Return the settings that came along with another request, by field, in their order.

    Args:
        request: the request of a button beside the settings.
        application: the application as it is saved.

    Returns:
        What a form must send to show them again; nothing where they are as they are saved.
    """
    if edits.FIELD not in request.POST:
        return []
    data = _with_plain_newlines(request.POST)
    form = form_class(application.app_type)(data, request.FILES, application=application)
    rows = RedirectURLRows.sent(application, data)
    if not (form.has_changed() or KEPT_LOGO in data or rows.urls != rows.stored_urls):
        return []
    if isinstance(form, PeopleForm) and form.kept_logo:
        data[KEPT_LOGO] = form.kept_logo
    fields = [(name, str(value)) for name, values in data.lists() for value in values]
    return [(RESUME, "yes"), *(field for field in fields if field[0] not in NOT_SETTINGS)]


def _with_plain_newlines(sent: QueryDict) -> QueryDict:
    """Write the ends of lines as they are stored; browsers send two characters."""
    data = sent.copy()
    if "description" in data:
        data["description"] = str(data["description"]).replace("\r\n", "\n")
    return data
