from __future__ import annotations

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from common.validators import validate_name, validate_text
from oauthapps.models.applications import Application
from oauthapps.models.validators import TOKEN_LIFETIME, validate_api_identifier, validate_scope_name
from oauthapps.rules.apis.identifiers import LONGEST_IDENTIFIER
from oauthapps.rules.apis.token_lifetimes import DEFAULT_SECONDS
from oauthapps.rules.scopes import LONGEST_NAME


class ApiQuerySet(models.QuerySet["Api"]):
    """Questions about many APIs."""

    def live(self) -> Self:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)


class Api(models.Model):
    """An API of the organization that access tokens are issued for; on the wire a resource (RFC 8707).

    The one that is built in, this installation's own, has no row: nothing about it can be changed.
    """

    name = models.CharField(
        "Name",
        max_length=100,
        validators=[validate_name],
        error_messages={"blank": "Give the API a name: it cannot be empty."},
    )
    identifier = models.CharField(
        "Identifier", max_length=LONGEST_IDENTIFIER, validators=[validate_api_identifier]
    )
    description = models.CharField("Description", max_length=1000, blank=True, validators=[validate_text])
    token_seconds = models.PositiveIntegerField(
        "Access token lifetime", default=DEFAULT_SECONDS, validators=TOKEN_LIFETIME
    )
    # The machine applications that may ask about its tokens.
    verifiers = models.ManyToManyField(Application, related_name="verified_apis")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = ApiQuerySet.as_manager()

    class Meta:
        verbose_name = "API"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["identifier"],
                condition=models.Q(deleted_at=None),
                name="api_identifier_once",
                violation_error_message="Another API has this identifier.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page in the console."""
        return reverse("console:api", args=[self.pk])


class ScopeQuerySet(models.QuerySet["Scope"]):
    """Questions about many scopes."""

    def live(self) -> Self:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)


class Scope(models.Model):
    """What an access token for an API may be used for.

    A name never changes its meaning: one that was deleted keeps its row, so that it cannot be used again.
    """

    api = models.ForeignKey(Api, on_delete=models.PROTECT, related_name="scopes")
    name = models.CharField(
        "Name",
        max_length=LONGEST_NAME,
        unique=True,
        validators=[validate_scope_name],
        error_messages={"unique": "This scope name is in use, or was used before. Choose another name."},
    )
    sentence = models.CharField("Sentence on the consent page", max_length=200, validators=[validate_name])
    # Since when it says what it says: consents from before have read another sentence.
    sentence_since = models.DateTimeField(default=timezone.now, editable=False)
    is_default = models.BooleanField("Asked for by default", default=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = ScopeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class CatalogVersion(models.Model):
    """The one row that says which state the APIs and their scopes are in; absent as long as there are none.

    Whoever keeps them in memory compares: every change gives it another, random version.
    """

    THE_ONE = 1

    version = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.version

    @classmethod
    def present(cls) -> models.QuerySet[CatalogVersion]:
        """Return the row of the present version, if there is one."""
        return cls.objects.filter(pk=cls.THE_ONE)

    @classmethod
    def renew(cls) -> None:
        """Let every process read the APIs anew; call it inside the transaction that changes them."""
        cls.objects.update_or_create(pk=cls.THE_ONE, defaults={"version": secrets.token_hex(16)})
