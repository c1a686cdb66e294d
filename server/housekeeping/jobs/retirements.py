"""Tokens of deleted applications, and all that those left behind whose time in the bin is over."""

from audit.housekeeping import JobName
from oauthapps.services.cleanup import remove_retired
from server.housekeeping.job import USUALLY, Job

JOB = Job(name=JobName.RETIREMENTS, every=USUALLY, do=remove_retired)
