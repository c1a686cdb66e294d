from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

# What is counted shares so many rows, whoever fails and however often. What falls into the same row follows
# from SECRET_KEY, so that nobody can fail in the place of somebody else.
PLACES = 2**16

# One statement adds one, or begins to count again in a new window: two would lose counts.
COUNT = """
INSERT INTO oauthapps_failurecount (name, began, count) VALUES (%(name)s, %(began)s, 1)
ON CONFLICT (name) DO UPDATE SET
  count = CASE WHEN oauthapps_failurecount.began = excluded.began
               THEN oauthapps_failurecount.count + 1 ELSE 1 END,
  began = excluded.began
RETURNING name, began, count
"""


class FailureCountManager(models.Manager["FailureCount"]):
    """Counts failures, for all workers together."""

    def add(self, name: str, seconds: int) -> FailureCount:
        """Count one failure and return how many there have been in this window of so many seconds.

        Where there are very many names at once two of them may be counted as one.
        """
        place = int(salted_hmac("failure counts", name, algorithm="sha256").hexdigest(), 16) % PLACES
        began = int(timezone.now().timestamp()) // seconds * seconds
        return next(iter(list(self.raw(COUNT, {"name": f"{place:x}", "began": began}))))


class FailureCount(models.Model):
    """How often something failed in one window of time; what succeeds is never counted."""

    name = models.CharField(max_length=150, primary_key=True)
    began = models.BigIntegerField(db_index=True)
    count = models.PositiveIntegerField()

    objects: ClassVar[FailureCountManager] = FailureCountManager()

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"
