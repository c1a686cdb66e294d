"""Where one lands after acting beside an application's settings: back there, with what is not saved yet."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from oauthapps.console.forms.unsaved import is_settings_form, unsaved_fields
from oauthapps.console.lookup import find_application
from oauthapps.models import Application

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# The ids of sections of the settings.
SECRETS, KEYS = "client-secret", "public-keys"
SECTIONS = (SECRETS, KEYS)
LONGEST_KEY = 19  # digits of a primary key


def back_to_settings(request: HttpRequest, application: Application, section: str = "") -> HttpResponse:
    """Lead to the settings of an application, with what came along that is not saved.

    Args:
        request: the request that was processed; it may carry unsaved settings.
        application: the application.
        section: the id of the section to show; empty for the top.
    """
    fragment = f"#{section}" if section else ""
    if unsaved_fields(request, application):
        url = reverse("console:unsaved-settings", args=[application.client_id])
        return redirect(f"{url}{fragment}", preserve_request=True)  # 307: the browser sends the form on
    return redirect(f"{application.get_absolute_url()}{fragment}")


# The field that names the secret or key which a new one is added for, by primary key.
REPLACES = "replaces"


def way_on(request: HttpRequest, application: Application, section: str) -> HttpResponse:
    """Lead to the page that replaces a secret or key, if one was added for it, and otherwise to the settings.

    Args:
        request: the request that was processed.
        application: the application.
        section: the id of the section of the settings that has secrets, or keys.
    """
    sent = request.POST.get(REPLACES, "")
    if sent.isascii() and sent.isdigit() and len(sent) < LONGEST_KEY:
        rows = {SECRETS: application.secrets.live(), KEYS: application.keys.live()}
        if section in rows and (replaced := rows[section].filter(pk=int(sent)).first()):
            return redirect(replaced)
    return back_to_settings(request, application, section)


def opened_from_settings(view: View[P]) -> View[P]:
    """Let a button of the settings form lead to a page that asks before it acts.

    For views whose URL has the Client ID as `client_id`. Where the settings are unchanged, the page is shown
    by its own URL, as behind a link. The view sees the settings form only when it has something to carry
    (`is_settings_form`).
    """

    @wraps(view)
    def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if is_settings_form(request):
            application = find_application(str(kwargs["client_id"]))
            if not unsaved_fields(request, application):
                return redirect(request.path)
        return view(request, *args, **kwargs)

    return opened
