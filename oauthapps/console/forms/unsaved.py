"""What was typed into an application's settings while something else was asked for, such as a client secret.

The buttons for secrets and keys belong to the settings form, so the browser sends the settings along. The
page that answers carries them as hidden fields, and every way off it brings them back, still unsaved.
"""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

from common import edits
from oauthapps.console.forms.application import form_class
from oauthapps.console.forms.people import KEPT_LOGO, REFUSED_LOGO, PeopleForm
from oauthapps.console.forms.policy import CONFIRMATIONS
from oauthapps.console.forms.redirect_urls import FIELD as REDIRECT_URL
from oauthapps.console.forms.redirect_urls import WITHOUT, RedirectURLRows
from oauthapps.models import Application

# The hidden field by which the settings form is recognized, whatever URL a button sends it to.
SETTINGS_FORM = "settings_form"
# The hidden field that names the event whose change the settings put back.
REVERTS = "reverts"
# What the names of carried fields begin with: the page that carries them has fields of its own.
CARRIED = "unsaved-"
Fields = list[tuple[str, str]]
# What the settings form has beside the fields of its application.
BESIDE = {SETTINGS_FORM, edits.FIELD, KEPT_LOGO, REFUSED_LOGO, REDIRECT_URL, WITHOUT, REVERTS, *CONFIRMATIONS}


def is_settings_form(request: HttpRequest) -> bool:
    """Return whether the settings form was sent, by whichever of its buttons."""
    return request.method == "POST" and SETTINGS_FORM in request.POST


def sent_settings(request: HttpRequest) -> QueryDict:
    """Return the settings in a request: the form itself, or what another page carried; empty without any."""
    if is_settings_form(request):
        return request.POST.copy()
    carried = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if name.startswith(CARRIED):
            carried.setlist(name.removeprefix(CARRIED), values)
    return carried


def unsaved_fields(request: HttpRequest, application: Application) -> Fields:
    """Return the settings that came along with a request and are not saved, as fields for the next form.

    They are worked out once for a request: an uploaded file can be read once.

    Args:
        request: the request of a button beside the settings, or of a page that one of them led to.
        application: the application that its URL names, as it is saved.

    Returns:
        Names and values of hidden fields; nothing where the settings are as they are saved.
    """
    fields: Fields | None = getattr(request, "unsaved_fields", None)
    if fields is None:
        fields = request.unsaved_fields = _fields_to_carry(request, application)  # type: ignore[attr-defined]
    return fields


def _fields_to_carry(request: HttpRequest, application: Application) -> Fields:
    data = _with_plain_newlines(sent_settings(request))
    if SETTINGS_FORM not in data or edits.FIELD not in data:
        return []
    form = form_class(application.app_type)(data, request.FILES, application=application)
    rows = RedirectURLRows.sent(application, data)
    if not (form.has_changed() or KEPT_LOGO in data or rows.urls != rows.stored_urls):
        return []
    if isinstance(form, PeopleForm):
        if form.kept_logo:
            data[KEPT_LOGO] = form.kept_logo
        if form.has_refused_logo:
            data[REFUSED_LOGO] = "yes"
    return [
        (f"{CARRIED}{name}", str(value))
        for name, values in data.lists()
        if name in form.fields or name in BESIDE or name.startswith(edits.CHOICE)
        for value in values
    ]


def _with_plain_newlines(data: QueryDict) -> QueryDict:
    """Write the ends of lines as they are stored; browsers send two characters."""
    if "description" in data:
        data["description"] = str(data["description"]).replace("\r\n", "\n")
    return data
