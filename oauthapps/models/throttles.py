from typing import ClassVar

from django.db import models


class FailureCount(models.Model):
    """How often something failed in one window of time; what succeeds is never counted."""

    name = models.CharField(max_length=150, primary_key=True)
    began = models.BigIntegerField(db_index=True)
    count = models.PositiveIntegerField()

    objects: ClassVar[models.Manager["FailureCount"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.name}: {self.count}"
