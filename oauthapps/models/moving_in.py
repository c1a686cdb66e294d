from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.times import last_day_of
from oauthapps.models.applications import Application
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.rules.urls import refused_urls


class MovingInQuerySet(models.QuerySet["MovingIn"]):
    """Questions about many of them."""

    def unfinished(self) -> Self:
        """Those that nobody has finished, of applications that have not been deleted."""
        return self.filter(finished_at=None, application__deleted_at=None)


class MovingIn(models.Model):
    """That an application comes from the retiring service, and its clients are being pointed here."""

    application = models.OneToOneField(
        Application, on_delete=models.CASCADE, primary_key=True, related_name="moving_in"
    )
    began_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = MovingInQuerySet.as_manager()

    class Meta:
        verbose_name = "moving in"
        verbose_name_plural = "moving in"

    def __str__(self) -> str:
        return f"Moving in of {self.application_id}"


class DatedExceptionQuerySet(models.QuerySet["DatedException"]):
    """Questions about many exceptions."""

    def in_force(self, now: datetime | None = None) -> Self:
        """Those that neither an administrator nor their day has ended."""
        return self.filter(ended_at=None, ends_at__gt=now or timezone.now())


class DatedException(models.Model):
    """What one application's clients may go on doing until a day, with how often that was needed."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="dated_exceptions", db_index=False
    )
    # One of `ExceptionKind`. Without `choices`: a new kind must not need a migration.
    kind = models.CharField(max_length=30)
    # Midnight UTC at the end of its last day.
    ends_at = models.DateTimeField()
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # When an administrator ended it.
    ended_at = models.DateTimeField(null=True)
    times_needed = models.PositiveBigIntegerField(default=0)
    last_needed_at = models.DateTimeField(null=True)

    objects = DatedExceptionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "kind"], name="dated_exception_once")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.last_day}"

    @property
    def last_day(self) -> date:
        """The last day, in UTC, on which it holds unless an administrator ends it before."""
        return last_day_of(self.ends_at)

    @property
    def is_in_force(self) -> bool:
        """Whether neither an administrator nor its day has ended it."""
        return self.ended_at is None and self.ends_at > timezone.now()

    @property
    def ended_or_over_at(self) -> datetime:
        """When an administrator ended it, or its last day does."""
        return self.ended_at or self.ends_at

    @property
    def label(self) -> str:
        """What it excepts, in words."""
        return str(dict(ExceptionKind.choices).get(self.kind, self.kind))


class RefusedRedirectURL(models.Model):
    """Where an authorization request wanted to be sent back to that is not registered, without its query.

    Anybody can make such a request: what is here is only something to look at.
    """

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="refused_redirect_urls", db_index=False
    )
    url = models.CharField(max_length=refused_urls.LONGEST)
    last_refused_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_refused_at", "-id"]
        verbose_name = "refused redirect URL"
        constraints = [
            models.UniqueConstraint(fields=["application", "url"], name="refused_redirect_url_once")
        ]

    def __str__(self) -> str:
        return self.url
