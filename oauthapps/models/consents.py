from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Value
from django.db.models.functions import Least
from django.utils import timezone

from accounts.models import User
from oauthapps.models.applications import Application
from oauthapps.rules import lifetimes

# What ended can be explained, and an application's shortened lifetime taken back, for so long.
EXPLAINED_FOR = timedelta(days=30)


def first_review() -> datetime:
    """Return when a family may go whose code nobody fetched: it is known for a day."""
    return timezone.now() + timedelta(hours=24, minutes=5)


class EndReason(models.TextChoices):
    """Why a token family ended."""

    REVOKED_BY_CLIENT = "revoked_by_client", "Revoked by the application"
    CODE_REPLAYED = "code_replayed", "An authorization code was used twice"
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed", "A replaced refresh token was used again"
    CONSENT_WITHDRAWN = "consent_withdrawn", "The person withdrew consent"
    REVOKED_BY_ADMINISTRATOR = "revoked_by_administrator", "An administrator revoked access"
    PERSON_DEACTIVATED = "person_deactivated", "The person was deactivated"
    PERSON_AWAY = "person_away", "The person was away for too long"
    EXPIRED = "expired", "The absolute expiration had passed"
    APPLICATION_DELETED = "application_deleted", "The application was deleted"
    TIME_LIMIT = "time_limit", "The time limit that the person chose had passed"
    SIGNED_OUT_AT_PROVIDER = "signed_out_at_provider", "The person signed out at the identity provider"


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Questions about many consents."""

    def active(self) -> Self:
        """Those that have not been withdrawn."""
        return self.filter(withdrawn_at=None)

    def in_force(self) -> Self:
        """Those that stand, for applications that have not been deleted."""
        return self.active().filter(application__deleted_at=None)


class Consent(models.Model):
    """That one person has allowed one application to act in their name; each family says what it may do."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    application = models.ForeignKey(Application, on_delete=models.CASCADE)
    first_allowed_at = models.DateTimeField(default=timezone.now)
    last_allowed_at = models.DateTimeField(default=timezone.now)
    # Where the browser was that allowed it; None where that is not known.
    last_allowed_from = models.GenericIPAddressField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    # What the person read when they last allowed each scope, by its name, since they last withdrew.
    sentences = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    objects = ConsentQuerySet.as_manager()

    class Meta:
        default_related_name = "consents"
        indexes = [
            # The pages of an application's people.
            models.Index(
                fields=["application", "-id"], condition=models.Q(withdrawn_at=None), name="consent_latest"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "application"], name="consent_once_per_application")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.application_id}"


class TokenFamilyQuerySet(models.QuerySet["TokenFamily"]):
    """Questions about many families."""

    def alive(self) -> Self:
        """Those that have not ended."""
        return self.filter(ended_at=None)

    def lapsed(self, user: User, now: datetime) -> Self:
        """Those of a person whose refresh tokens have ended because the person was away for too long.

        Nothing is asked of the database where the person was active within the shortest lifetime there is.

        Args:
            user: the person, as of their last activity.
            now: the time to judge by.
        """
        too_short = lifetimes.over_after(now - user.last_active_at)
        return self.alive().filter(
            user=user,
            application__inactivity_expiration__in=too_short,
            refresh_tokens__isnull=False,
            refresh_tokens__replaced_at=None,
            refresh_tokens__revoked=None,
        )

    def shorten(self, until: datetime) -> int:
        """Let those end at a time that would last longer, and return how many there were."""
        longer = models.Q(allowed_until=None) | models.Q(allowed_until__gt=until)
        return self.alive().filter(longer).update(allowed_until=until)

    def end(self, reason: EndReason) -> int:
        """End those that are alive and return how many there were; their tokens die with them."""
        now = timezone.now()
        soon = Least("review_at", Value(now + EXPLAINED_FOR))
        return self.alive().update(ended_at=now, end_reason=reason, review_at=soon)


class TokenFamily(models.Model):
    """All tokens that descend from one authorization code.

    Every check of a token joins its family, so ending the family is one write.
    """

    consent = models.ForeignKey(Consent, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    application = models.ForeignKey(Application, on_delete=models.CASCADE)
    # What was allowed with its code: none of its tokens may do more.
    scope = models.TextField()
    # The first grant: the absolute expiration counts from here, whatever rotation does.
    started_at = models.DateTimeField(default=timezone.now)
    # The time limit that the person chose; None: until they revoke it. No token outlives it.
    allowed_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # One of `EndReason`. Without `choices`: a new reason must not need a migration.
    end_reason = models.CharField(max_length=30, blank=True)
    # When it is next worth asking whether anything of it could still work: not every day for every family.
    review_at = models.DateTimeField(default=first_review, db_index=True)

    objects = TokenFamilyQuerySet.as_manager()

    class Meta:
        default_related_name = "families"
        verbose_name_plural = "token families"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at=None, end_reason="")
                | models.Q(ended_at__isnull=False) & ~models.Q(end_reason=""),
                name="token_family_end_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"Family {self.pk}"
