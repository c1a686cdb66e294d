"""The bin, in which a deleted application stays for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from oauthapps.models.applications import Application  # what the type variable stands for

# How long it can be restored.
KEPT_IN_BIN = timedelta(days=30)

A = TypeVar("A", bound="Application")


class InBinQuerySet(models.QuerySet[A]):
    """Questions about many deleted applications."""

    def in_bin(self) -> Self:
        """Those that have been deleted and can still be restored."""
        return self.deleted().filter(deleted_at__gt=timezone.now() - KEPT_IN_BIN)

    def overdue_in_bin(self) -> Self:
        """Those whose time in the bin is over, and that are not purged yet."""
        return self.deleted().filter(deleted_at__lte=timezone.now() - KEPT_IN_BIN)

    def deleted(self) -> Self:
        """Those that have been deleted and are not purged yet."""
        return self.filter(deleted_at__isnull=False, purged_at=None)


class InBin:
    """What an application knows about its time in the bin.

    Attributes:
        deleted_at: when it was deleted; None for a live one.
        purged_at: when it left the bin, so that nobody can restore it.
    """

    if TYPE_CHECKING:
        deleted_at: Any  # columns of the application
        purged_at: Any

    @property
    def leaves_bin_at(self) -> datetime | None:
        """Until when it can be restored; None for one that has not been deleted, or was purged."""
        deleted_at: datetime | None = self.deleted_at
        return deleted_at + KEPT_IN_BIN if deleted_at and not self.purged_at else None

    @property
    def days_left_in_bin(self) -> int:
        """For how many days it can be restored, the last one counted as a whole."""
        return -((timezone.now() - self.leaves_bin_at) // timedelta(days=1)) if self.leaves_bin_at else 0
