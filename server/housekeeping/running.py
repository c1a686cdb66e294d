"""Running what is due, whoever asks for it: the server again and again, or a command once."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from audit.housekeeping import HousekeepingJob, Outcome
from common.work import never
from server.housekeeping.job import Job
from server.housekeeping.lease import Lease, LostLeaseError
from server.housekeeping.leased_work import LeasedWork
from server.housekeeping.registry import JOBS

# A job that takes longer lets others go on before it does.
SLICE_SECONDS = 10
# A job that fails is tried again after so long, then after twice as long, and so on.
RETRIED_AFTER, RETRIED_WITHIN = timedelta(seconds=30), timedelta(minutes=10)
# A job is never due later than that, unless a clock was set back.
LATEST = timedelta(hours=1)
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)

log = logging.getLogger("gatehouse.housekeeping")


def run_due(holder: str, has_to_stop: Callable[[], bool] = never) -> list[LeasedWork] | None:
    """Run all jobs that are due, in turns, until none is.

    Args:
        holder: who asks, for records.
        has_to_stop: asked between transactions.

    Returns:
        Each run of a job that was due; None when another one does housekeeping now.

    Raises:
        LostLeaseError: when another one took over; what was done is recorded as interrupted.
        DatabaseError: when the database is away.
    """
    if not due_jobs():
        return []
    lease = Lease.take(holder)
    if lease is None:
        return None
    works: list[LeasedWork] = []
    under_way: dict[str, LeasedWork] = {}
    try:
        while not has_to_stop() and (due := due_jobs()):
            for job in due:
                work = under_way.pop(job.name, None)
                if work is None:
                    works.append(work := LeasedWork(job.name, lease, has_to_stop))
                run_slice(job, work)
                if work.run.outcome == Outcome.RUNNING:
                    under_way[job.name] = work
    finally:
        lease.release()
    return works


def due_jobs() -> list[Job]:
    """Return the jobs that are due, the one that has waited longest first."""
    now = timezone.now()
    since = dict.fromkeys((job.name.value for job in JOBS), ALWAYS)
    for name, due_at in HousekeepingJob.objects.values_list("name", "due_at"):
        since[name] = due_at if due_at < now + LATEST else ALWAYS
    return sorted((job for job in JOBS if since[job.name] <= now), key=lambda job: since[job.name])


def run_slice(job: Job, work: LeasedWork) -> None:
    """Run a job for a while, and record when it is due again; one that fails keeps no other from running.

    Raises:
        LostLeaseError: when another one has taken over.
    """
    work.begin_slice(SLICE_SECONDS)
    failure = ""
    try:
        job.do(work)
    except LostLeaseError:
        raise
    except Exception as error:
        log.exception("Housekeeping failed: %s", job.name)
        # The message may have anything in it; it is in the log.
        failure = type(error).__name__
        if not connection.in_atomic_block:
            connection.close()
    conclude(job, work, failure)


def conclude(job: Job, work: LeasedWork, failure: str) -> None:
    """Record how a run went so far, and when the job is due again."""
    now = timezone.now()
    with work.lease.held():
        row, _ = HousekeepingJob.objects.get_or_create(name=job.name, defaults={"due_at": now})
        row.failures, row.failure = (row.failures + 1, failure) if failure else (0, "")
        row.due_at = now + (
            retry_after(row.failures) if failure else job.every if work.is_whole else timedelta()
        )
        if work.is_whole and not failure:
            row.ran_at = now
        row.save()
        work.run.outcome, work.run.failure = outcome_of(work, failure), failure
        if work.counts or failure:
            work.save()


def outcome_of(work: LeasedWork, failure: str) -> Outcome:
    """Return how a run went so far."""
    if failure:
        return Outcome.FAILED
    if work.is_whole:
        return Outcome.DONE
    return Outcome.INTERRUPTED if work.has_to_stop() else Outcome.RUNNING


def retry_after(failures: int) -> timedelta:
    """Return how long after so many failures in a row a job is tried again."""
    doublings = min(failures - 1, 10)
    return min(RETRIED_AFTER * (1 << doublings), RETRIED_WITHIN)
