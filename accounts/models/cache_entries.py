"""The table of the database cache."""

from django.db import models


class CacheEntry(models.Model):
    """A row of Django's database cache, so that migrations create its table."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cache_entries"
        verbose_name_plural = "cache entries"

    def __str__(self) -> str:
        return self.cache_key
