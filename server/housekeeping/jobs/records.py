"""Events and records of housekeeping that are older than they are kept."""

from audit.housekeeping import JobName
from oauthapps.services.cleanup import remove_old_records
from server.housekeeping.job import USUALLY, Job

JOB = Job(name=JobName.RECORDS, every=USUALLY, do=remove_old_records)
