from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from common.edits import BaseVersion
from common.times import last_day_of
from oauthapps.models.applications import Application
from oauthapps.models.usage import UsageKind

NOTES_LENGTH = 64
# A use is noted unless one was within so long before: the last one may be that much later than it says.
USE_NOTED_EVERY = timedelta(minutes=1)
# What was used within so long is in use: retiring it stops itself, and deleting it says by whom.
IN_USE = timedelta(hours=24)


def in_use_since() -> datetime:
    """Return the time whose later uses mean that something is in use.

    Uses are noted at most once a minute, so that the last one may be a minute later than it says.
    """
    return timezone.now() - IN_USE - USE_NOTED_EVERY


C = TypeVar("C", bound="Credential")


class CredentialQuerySet(models.QuerySet[C]):
    """Questions about many secrets or keys."""

    def live(self) -> Self:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)

    def usable(self, now: datetime | None = None) -> Self:
        """Those that have neither been deleted nor expired."""
        return self.live().filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now or timezone.now()))

    def live_or_deleted_since(self, at: datetime) -> Self:
        """Those that have not been deleted, before those that were deleted after `at`."""
        rows = self.filter(models.Q(deleted_at=None) | models.Q(deleted_at__gt=at))
        return rows.order_by(models.F("deleted_at").desc(nulls_first=True), "created_at", "id")


class Credential(models.Model):
    """What secrets and keys have in common: an application, a maker, a last use, and a tombstone.

    A deleted credential keeps its row: a request that still presents it can be explained, and nobody can add
    it a second time unnoticed.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, editable=False)
    # From when on it is refused; None for never.
    expires_at = models.DateTimeField(null=True, editable=False)
    # For how many days before that a warning was sent last; None for none yet.
    warned_days = models.PositiveSmallIntegerField(null=True, editable=False)
    # When it is deleted unless it is still in use then; and when that has stopped itself.
    retires_at = models.DateTimeField(null=True, editable=False)
    retirement_stopped_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    # What pages and emails call it, before `label`.
    noun: ClassVar[str]
    usage_kind: ClassVar[UsageKind]

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        """Return the URL of the page that guides through replacing it."""
        name = f"console:replace-{self.usage_kind}"
        return reverse(name, args=[self.application.client_id, self.pk])

    @property
    def label(self) -> str:
        """What tells it from its neighbors, for pages and emails."""
        raise NotImplementedError

    @property
    def is_live(self) -> bool:
        """Whether it has not been deleted."""
        return self.deleted_at is None

    @property
    def is_expired(self) -> bool:
        """Whether it is refused because its last day is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """Whether it has neither been deleted nor expired."""
        return self.is_live and not self.is_expired

    @property
    def last_day(self) -> date | None:
        """The last day, in UTC, on which it works; None for no such day."""
        return last_day_of(self.expires_at) if self.expires_at else None

    @property
    def retirement_day(self) -> date | None:
        """The day, in UTC, at the end of which it is deleted unless it is in use; None for no such day."""
        return last_day_of(self.retires_at) if self.retires_at else None

    @property
    def is_retiring(self) -> bool:
        """Whether it is going to be deleted by itself."""
        return self.is_live and self.retires_at is not None and self.retirement_stopped_at is None

    @property
    def counted_since(self) -> datetime:
        """Since when its uses are counted."""
        since: datetime = self.application.organization.counts_since(self.created_at)
        return since

    def used_since(self, at: datetime) -> bool:
        """Return whether it was used after `at`."""
        return self.last_used_at is not None and self.last_used_at > at


class ClientSecretQuerySet(CredentialQuerySet["ClientSecret"]):
    """Questions about many secrets."""


class ClientSecret(Credential):
    """A client secret: its digest, and enough of it to tell it from its neighbors."""

    digest = models.CharField(max_length=64, db_index=True, editable=False)
    # What our own begin with; those brought along from elsewhere begin with anything.
    prefix = models.CharField(max_length=6, blank=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    notes = models.CharField("Notes", max_length=NOTES_LENGTH, blank=True)

    noun = "client secret"
    usage_kind = UsageKind.SECRET

    objects = ClientSecretQuerySet.as_manager()

    class Meta:
        default_related_name = "secrets"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "digest"], name="secret_once_per_application")
        ]

    def __str__(self) -> str:
        return self.masked

    @property
    def label(self) -> str:
        """How it begins and ends."""
        return self.masked

    @property
    def masked(self) -> str:
        """What can be told of it: how it begins, where that is known, and how it ends."""
        return f"{self.prefix}…{self.hint}"

    @property
    def base_version(self) -> BaseVersion:
        """What a form is filled in on top of that changes the notes."""
        return BaseVersion.shown({"notes": self.notes})


class PublicKeyQuerySet(CredentialQuerySet["PublicKey"]):
    """Questions about many keys."""


BITS_OF_P256 = 256  # RSA keys have 2048 and more


class KeySource(models.TextChoices):
    """Where a public key came from."""

    ADDED = "added", "Uploaded"
    GENERATED = "generated", "Generated here"


class PublicKey(Credential):
    """The public half of a key pair that signs assertions.

    `user` is whom it acts as: the only person an assertion signed with it may name as its `sub`. Without one
    it acts as its application.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    thumbprint = models.CharField("key ID", max_length=43, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    pem = models.TextField(editable=False)
    bits = models.PositiveIntegerField(editable=False)
    source = models.CharField(max_length=10, choices=KeySource.choices, editable=False)
    not_after = models.DateTimeField(null=True, editable=False)

    noun = "public key"
    usage_kind = UsageKind.KEY

    objects = PublicKeyQuerySet.as_manager()

    class Meta:
        default_related_name = "keys"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "thumbprint"],
                condition=models.Q(deleted_at=None),
                name="public_key_once_per_application",
                violation_error_message="This key was already added.",
            )
        ]

    def __str__(self) -> str:
        return self.thumbprint

    @property
    def label(self) -> str:
        """The beginning of its key ID."""
        return self.short_id

    @property
    def short_id(self) -> str:
        """The beginning of its key ID, which pages and messages call it by."""
        return f"{self.thumbprint[:16]}…"

    @property
    def subject(self) -> str:
        """Whom assertions signed with it name as their `sub`: a User ID, or its application's Service ID."""
        return self.user.user_id if self.user else self.application.service_id or ""

    @property
    def subject_label(self) -> str:
        """What that ID is called."""
        return "User ID" if self.user else "Service ID"

    @property
    def authenticates(self) -> bool:
        """Whether its application can authenticate with it alone: not with one that acts as a person."""
        return self.user_id is None

    @property
    def kind(self) -> str:
        """What pages call its kind and strength."""
        return "P-256" if self.bits == BITS_OF_P256 else f"RSA, {self.bits} bits"

    @property
    def certificate_expired(self) -> bool:
        """Whether it came in a certificate that is past its last day; the key itself goes on working."""
        return self.not_after is not None and self.not_after < timezone.now()
