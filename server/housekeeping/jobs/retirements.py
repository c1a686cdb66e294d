"""Logos, keys, secrets, and tokens of applications that were deleted thirty days ago."""

from audit.housekeeping import JobName
from oauthapps.services.cleanup import remove_retired
from server.housekeeping.job import USUALLY, Job

JOB = Job(name=JobName.RETIREMENTS, every=USUALLY, do=remove_retired)
