"""Recorded requests, usage counts and callers that are older than they are kept, or too many."""

from audit.housekeeping import JobName
from common.work import Work
from oauthapps.services.recorded_requests import remove_old_requests
from oauthapps.services.usage_counts import remove_old_usage
from server.housekeeping.job import USUALLY, Job


def remove(work: Work) -> None:
    """Remove them."""
    remove_old_requests(work)
    remove_old_usage(work)


JOB = Job(name=JobName.REQUESTS, every=USUALLY, do=remove)
