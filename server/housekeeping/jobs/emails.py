"""Emails that could not be sent at once."""

from datetime import timedelta

from accounts.services.waiting_emails import send_waiting
from audit.housekeeping import JobName
from server.housekeeping.job import Job

JOB = Job(name=JobName.EMAILS, every=timedelta(seconds=30), do=send_waiting)
