"""All jobs."""

from server.housekeeping.jobs import counters, emails, expired, records, requests, retirements

JOBS = tuple(module.JOB for module in (emails, expired, retirements, counters, records, requests))
