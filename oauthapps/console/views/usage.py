"""Usage: how often tokens were issued, refreshed and refused, and for how many people."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from accounts.models import Organization
from oauthapps.console.lookup import find_application
from oauthapps.console.sub_pages import USAGE, render_sub_page
from oauthapps.console.usage.breakdowns import breakdowns_of
from oauthapps.console.usage.days import days_of, days_of_all
from oauthapps.console.usage.panels import people_panel, refused_panel, tokens_panel
from oauthapps.console.usage.periods import Period
from oauthapps.console.usage.ranking import ranked_apis, ranked_applications
from oauthapps.services.usage_counts import USAGE_DAYS

APPLICATIONS_PER_PAGE = 50


@auditor_required
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """Show the usage of all applications."""
    period = Period.asked_for(request.GET.get("days", ""))
    days = days_of_all(period)
    context = {
        "period": period,
        "days_kept": USAGE_DAYS,
        "counted_since": Organization.current().usage_counted_since,
        "panels": [tokens_panel(days), refused_panel(days)],
        "page": Paginator(ranked_applications(period), APPLICATIONS_PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "apis": list(ranked_apis(period)),
    }
    return render(request, "console/usage.html", context)


@auditor_required
@require_safe
def application_usage(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show the usage of one application."""
    application = find_application(client_id)
    period = Period.asked_for(request.GET.get("days", ""))
    days = days_of(application, period)
    context = {
        "period": period,
        "days_kept": USAGE_DAYS,
        "counted_since": application.counted_since,
        "panels": [tokens_panel(days), refused_panel(days), people_panel(days)],
        "breakdowns": list(breakdowns_of(application, period)),
    }
    return render_sub_page(request, USAGE, application, "console/application/usage.html", context)
