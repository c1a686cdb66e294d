"""Tokens, sessions, and links that have expired."""

from audit.housekeeping import JobName
from oauthapps.services.cleanup import remove_expired
from server.housekeeping.job import USUALLY, Job

JOB = Job(name=JobName.EXPIRED, every=USUALLY, do=remove_expired)
