"""Client secrets and keys that are to be retired, and those that expire soon."""

from audit.housekeeping import JobName
from common.work import Work
from oauthapps.services.expiry_warnings import warn_of_expiries
from oauthapps.services.retirements import retire_due
from server.housekeeping.job import USUALLY, Job


def retire_and_warn(work: Work) -> None:
    """Retire what is due, then warn of what expires soon."""
    retire_due(work)
    warn_of_expiries(work)


JOB = Job(name=JobName.CREDENTIALS, every=USUALLY, do=retire_and_warn)
