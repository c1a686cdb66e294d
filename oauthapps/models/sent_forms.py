from __future__ import annotations

from django.db import models
from django.utils import timezone


class SentForm(models.Model):
    """A form that made something and was obeyed: who sends it again collides here.

    The digest is that of who sent it, where to, and the random id it was shown with.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.digest[:8]}"
