"""Counts of failures and attempts that no longer count."""

from audit.housekeeping import JobName
from oauthapps.services.cleanup import remove_counters
from server.housekeeping.job import USUALLY, Job

JOB = Job(name=JobName.COUNTERS, every=USUALLY, do=remove_counters)
