"""All jobs."""

from server.housekeeping.jobs import counters, credentials, emails, expired, records, requests, retirements

JOBS = tuple(
    module.JOB for module in (emails, expired, retirements, credentials, counters, records, requests)
)
