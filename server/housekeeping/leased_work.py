"""The work of the one that holds the lease, and its record."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic

from django.utils import timezone

from audit.housekeeping import HousekeepingRun, JobName, Outcome
from common.work import Work
from server.housekeeping.lease import Lease, limit_transaction


class LeasedWork(Work):
    """Work that is done only while the lease is held, and recorded in the transactions that do it.

    So the record of a run that was killed says what it did. A run that does nothing has no record.

    Args:
        name: the job.
        lease: held by this process.
        has_to_stop: asked before each transaction.
    """

    def __init__(self, name: JobName, lease: Lease, has_to_stop: Callable[[], bool]) -> None:
        super().__init__(has_to_stop=has_to_stop)
        self.lease = lease
        self.is_recorded = False
        now = timezone.now()
        self.run = HousekeepingRun(
            job=name, instance=lease.holder, began_at=now, ended_at=now, outcome=Outcome.RUNNING
        )

    def begin_slice(self, seconds: float) -> None:
        """Have so many seconds from now on."""
        self.until, self.is_whole = monotonic() + seconds, True

    def begin_turn(self) -> None:
        """Do nothing unless the lease is held, and hold it until the end of the transaction.

        Raises:
            LostLeaseError: when another one has it.
        """
        limit_transaction()
        self.lease.renew()
        self.is_recorded = self.run.pk is not None

    def end_turn(self) -> None:
        """Record what was done."""
        if self.counts != self.run.did:
            self.save()

    def forget_turn(self) -> None:
        """Forget the record that was begun in a transaction that failed."""
        if not self.is_recorded:
            self.run.pk = None
        self.run.did = dict(self.counts)

    def save(self) -> None:
        """Write the record."""
        self.run.did, self.run.ended_at = dict(self.counts), timezone.now()
        self.run.save()

    def waiting(self) -> AbstractContextManager[None]:
        """Keep the lease while waiting for something else than the database."""
        return self.lease.kept()
