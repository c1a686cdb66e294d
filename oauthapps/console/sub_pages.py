"""The pages of one application, in the order of the links below its title."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.services.mail import can_send
from oauthapps.console.ending_credentials import endings_of
from oauthapps.console.exceptions import in_force
from oauthapps.console.hygiene.findings import kinds_of
from oauthapps.console.moving_in import is_moving_in
from oauthapps.console.summaries import summary_of
from oauthapps.models import Application


@dataclass(frozen=True, kw_only=True)
class SubPage:
    """One of them.

    Attributes:
        key: names it in forms that lead back to where they were sent from.
        label: how its link and its title call it.
        view: the name of its view in the URLconf; the only argument is the Client ID.
    """

    key: str
    label: str
    view: str

    def url_of(self, application: Application) -> str:
        """Return the URL of this page of an application."""
        return reverse(self.view, args=[application.client_id])


SETTINGS = SubPage(key="settings", label="Settings", view="console:application")
ACCESS = SubPage(key="access", label="Access", view="console:application-access")
USAGE = SubPage(key="usage", label="Usage", view="console:application-usage")
ACTIVITY = SubPage(key="activity", label="Activity", view="console:application-activity")
REQUESTS = SubPage(key="requests", label="Requests", view="console:application-requests")
USE_IT = SubPage(key="use", label="Use it", view="console:application-use")
MOVING_IN = SubPage(key="moving-in", label="Moving in", view="console:moving-in")
# A new page is one more line here, and one in urls.py.
SUB_PAGES = (SETTINGS, ACCESS, USAGE, ACTIVITY, REQUESTS, USE_IT, MOVING_IN)


def sub_page(key: str) -> SubPage:
    """Return the page with that key; the settings where there is none."""
    return next((page for page in SUB_PAGES if page.key == key), SETTINGS)


def render_sub_page(
    request: HttpRequest,
    page: SubPage,
    application: Application,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render one of the pages: its own part below what all of them have (`console/application/base.html`)."""
    moves = is_moving_in(application)
    summary = summary_of(application)
    shared = {
        "application": application,
        "summary": summary,
        "page": page,
        "page_links": [
            (each, each.url_of(application))
            for each in SUB_PAGES
            if moves or each not in {MOVING_IN} - {page}
        ],
        "is_moving_in": moves,
        "endings": endings_of(application) if summary.has_endings else None,
        "can_send": can_send(),
        "exceptions": list(in_force(application)) if moves else [],
    }
    if page is SETTINGS and not summary.missing:  # what is not set up yet is no matter of hygiene
        shared["findings"] = kinds_of(application)
    return render(request, template, shared | context, status=status)
