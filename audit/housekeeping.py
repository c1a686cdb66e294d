"""Housekeeping as the database knows it: who does it now, what is due, and what was done."""

from __future__ import annotations

from django.db import models


class JobName(models.TextChoices):
    """What housekeeping does."""

    EXPIRED = "expired", "Delete expired tokens and sessions"
    RETIREMENTS = "retirements", "Delete what deleted applications left behind"
    CREDENTIALS = "credentials", "Retire client secrets and keys, and warn before they expire"
    COUNTERS = "counters", "Delete counters that no longer count"
    RECORDS = "records", "Delete old events and records"
    REQUESTS = "requests", "Delete old recorded requests and usage counts"
    EMAILS = "emails", "Send emails that are waiting"


class Outcome(models.TextChoices):
    """How a run is going, or went."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class HousekeepingLease(models.Model):
    """The one row that says who does it, and until when nobody else may: `server/housekeeping/lease.py`."""

    holder = models.CharField(max_length=200, blank=True)
    # A random value that only the holder knows: one that was suspended finds another one here.
    token = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.holder} until {self.until:%Y-%m-%d %H:%M:%S}"


class HousekeepingJob(models.Model):
    """When a job is due, and how it went; there is no row before its first run."""

    # One of `JobName`. Without `choices`: a new job must not need a migration.
    name = models.CharField(max_length=30, primary_key=True)
    due_at = models.DateTimeField()
    # When it last ran to its end, whether or not there was anything to do.
    ran_at = models.DateTimeField(null=True)
    # How often in a row it has failed, and why.
    failures = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What it does, in words."""
        return label_of(self.name)


class HousekeepingRun(models.Model):
    """One run of a job that did something, or failed."""

    job = models.CharField(max_length=30)
    # The server or command, and its process.
    instance = models.CharField(max_length=200)
    began_at = models.DateTimeField(db_index=True)
    # When it last did something.
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=20)
    # How many of what.
    did = models.JSONField(default=dict)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-began_at", "-id"]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M:%S} {self.job}"

    @property
    def label(self) -> str:
        """What it was to do, in words."""
        return label_of(self.job)

    @property
    def outcome_in_words(self) -> str:
        """How it is going, or went."""
        return str(dict(Outcome.choices).get(self.outcome, self.outcome))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.began_at).total_seconds()

    @property
    def did_in_words(self) -> str:
        """How many of what, such as "12 access tokens, 3 sessions"."""
        return ", ".join(f"{number:,} {noun(name, number)}" for name, number in sorted(self.did.items()))


def label_of(name: str) -> str:
    """Return what a job does, in words."""
    return str(dict(JobName.choices).get(name, name))


def noun(kind: str, number: int) -> str:
    """Return what is counted, such as "token families", in the singular for one."""
    words = kind.replace("_", " ")
    if number != 1:
        return words
    return f"{words.removesuffix('ies')}y" if words.endswith("ies") else words.removesuffix("s")
