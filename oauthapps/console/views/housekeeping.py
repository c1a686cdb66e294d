"""Housekeeping: which jobs there are, when they last ran, and what they did."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import auditor_required
from audit.models import HousekeepingJob, HousekeepingRun
from oauthapps.services.cleanup import RUNS_KEPT_FOR

RUNS_SHOWN = 50


@auditor_required
@require_safe
def housekeeping(request: HttpRequest) -> HttpResponse:
    """List the jobs, and the latest runs that did something or failed."""
    context = {
        "is_done_by_servers": settings.HOUSEKEEPING,
        "jobs": sorted(HousekeepingJob.objects.all(), key=lambda job: job.label),
        "runs": HousekeepingRun.objects.all()[:RUNS_SHOWN],
        "most": RUNS_SHOWN,
        "days": RUNS_KEPT_FOR.days,
    }
    return render(request, "console/housekeeping.html", context)
