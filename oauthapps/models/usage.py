from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from oauthapps.models.requests import LONGEST_USER_AGENT


class UsageKind(models.TextChoices):
    """What requests are counted by."""

    APPLICATION = "application", "Application"
    SECRET = "secret", "Client secret"
    KEY = "key", "Public key"
    REDIRECT_URL = "redirect_url", "Redirect URL"
    API = "api", "API"


class UsageCountQuerySet(models.QuerySet["UsageCount"]):
    """Questions about many counts."""

    def of_kind(self, kind: UsageKind) -> Self:
        """Those by one kind of thing."""
        return self.filter(kind=kind)

    def since(self, day: date) -> Self:
        """Those of a day, in UTC, and of later days."""
        return self.filter(day__gte=day)


class UsageCount(models.Model):
    """How often tokens were issued, refreshed and refused on a day in UTC, by what was used for it.

    Every request is counted once for its application; and once for each of the secret or key that its client
    showed, the redirect URL that a code was sent to, and the APIs that its scopes are for.
    """

    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        on_delete=models.CASCADE,
        related_name="usage_counts",
        db_index=False,
    )
    day = models.DateField(db_index=True)
    kind = models.CharField(max_length=20, choices=UsageKind.choices)
    # The primary key of the secret, key, redirect URL or API; 0 for the application itself, and for the
    # built-in API.
    subject = models.PositiveBigIntegerField(default=0)
    issued = models.PositiveBigIntegerField(default=0)
    refreshed = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    # Distinct people whom tokens were issued or refreshed for; of the application alone.
    people = models.PositiveBigIntegerField(default=0)

    objects = UsageCountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "day", "kind", "subject"], name="usage_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} of {self.application_id} on {self.day}"


class PersonSeen(models.Model):
    """That tokens were issued or refreshed for a person on a day in UTC.

    It is kept until that day's people are counted.
    """

    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "day", "person"], name="person_seen_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} by {self.application_id} on {self.day}"


class CredentialCaller(models.Model):
    """Who used a secret or key: an IP address and a user agent, with when and how often."""

    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    # `UsageKind.SECRET` or `UsageKind.KEY`, and the primary key of it.
    kind = models.CharField(max_length=20)
    credential = models.PositiveBigIntegerField()
    # Empty where it is not known.
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=LONGEST_USER_AGENT, blank=True)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    times = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "credential", "address", "user_agent"], name="credential_caller_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} with {self.kind} {self.credential}"
