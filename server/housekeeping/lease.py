"""Who does housekeeping: one holder at a time, however many servers share the database.

A lease is a row with a time until which nobody else may take it, by the database's clock. Whoever is killed
lets it run out; whoever was suspended finds another token in it. Every transaction of the work renews the
lease first, and so holds its row until the commit: what commits was done by the holder.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from audit.housekeeping import HousekeepingLease, HousekeepingRun, Outcome

ONLY = 1
LASTS = timedelta(seconds=30)
# How often it is renewed while its holder waits for something else, and for how long at most.
RENEWED_AFTER_SECONDS, LONGEST_SECONDS = 10, 120
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# On PostgreSQL, of each transaction: one whose process was suspended ends, and lets others go on.
LIMITS = """SELECT set_config('idle_in_transaction_session_timeout', '5s', true),
                   set_config('lock_timeout', '10s', true), set_config('statement_timeout', '10s', true)"""


class LostLeaseError(Exception):
    """Another one has taken the lease meanwhile: nothing more may be done."""


@dataclass(frozen=True)
class Lease:
    """The lease, as its holder knows it.

    Attributes:
        holder: who that is, for people.
        token: what shows that it still is.
    """

    holder: str
    token: str = field(repr=False)

    @classmethod
    def take(cls, holder: str) -> "Lease | None":
        """Take the lease if nobody holds it, and return it; None if somebody does."""
        make_row()
        if not free().exists():
            return None
        lease = cls(holder, secrets.token_hex(16))
        running = HousekeepingRun.objects.filter(outcome=Outcome.RUNNING)
        others = list(running.values_list("pk", flat=True))
        with transaction.atomic():
            limit_transaction()
            if not free().update(holder=holder, token=lease.token, until=in_time()):
                return None
            running.filter(pk__in=others).update(outcome=Outcome.INTERRUPTED)
        return lease

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do what is in the block in one transaction, as the holder.

        Raises:
            LostLeaseError: when another one has the lease.
        """
        with transaction.atomic():
            limit_transaction()
            self.renew()
            yield

    def renew(self) -> None:
        """Hold it for longer; in a transaction, nobody else can take it before the end of that.

        Raises:
            LostLeaseError: when another one has it.
        """
        if not self.row.update(until=in_time()):
            raise LostLeaseError

    def release(self) -> None:
        """Let others have it, unless another one has it already."""
        self.row.update(token="", holder="", until=Now())

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it while something in the block takes long, but not for ever, should that never end."""
        is_over, until = threading.Event(), monotonic() + LONGEST_SECONDS

        def keep() -> None:
            try:
                while not is_over.wait(RENEWED_AFTER_SECONDS) and monotonic() < until:
                    self.renew()
            except (LostLeaseError, DatabaseError):
                pass  # the next transaction finds that out, and does nothing
            finally:
                connections.close_all()

        keeper = threading.Thread(target=keep, name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            is_over.set()
            keeper.join()

    @property
    def row(self) -> QuerySet[HousekeepingLease]:
        """The row, as long as it is the holder's."""
        return HousekeepingLease.objects.filter(pk=ONLY, token=self.token)


def holder() -> str:
    """Return who holds the lease now; empty where nobody does."""
    held = HousekeepingLease.objects.filter(pk=ONLY, until__gt=Now()).values_list("holder", flat=True)
    return held.first() or ""


def free() -> QuerySet[HousekeepingLease]:
    """Return the row if nobody holds it: its time is over, or too far away after a clock was set back."""
    too_far = Now() + 2 * LASTS
    return HousekeepingLease.objects.filter(Q(until__lte=Now()) | Q(until__gt=too_far), pk=ONLY)


def in_time() -> Any:
    """Return until when it is held from now on."""
    return Now() + LASTS


def make_row() -> None:
    """Make the row where there is none yet; of several that do, one makes it."""
    if not HousekeepingLease.objects.filter(pk=ONLY).exists():
        with transaction.atomic():
            limit_transaction()
            row = HousekeepingLease(pk=ONLY, until=LONG_AGO)
            HousekeepingLease.objects.bulk_create([row], ignore_conflicts=True)


def limit_transaction() -> None:
    """Let the transaction under way hold nobody up for long, also if this process is suspended."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(LIMITS)
