from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from accounts.models import User
from oauthapps.models.applications import Application, RedirectURL
from oauthapps.models.consents import TokenFamily


class GrantQuerySet(models.QuerySet["Grant"]):
    """Questions about grants."""

    def redeemable(self, now: datetime) -> Self:
        """Those whose code could be exchanged: unused, in time, and nothing of what they stand on ended."""
        return self.filter(
            redeemed_at=None,
            expires__gt=now,
            redirect_url__isnull=False,
            user__is_active=True,
            family__ended_at=None,
        ).exclude(family__allowed_until__lte=now)


class Grant(AbstractGrant):
    """What a person allowed, waiting to be fetched with an authorization code; `code` holds its digest."""

    # Columns of protocols that are not offered.
    nonce = None
    claims = None
    resource = None

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="grants")
    # None once an administrator has removed it: the code that was sent there is no longer good for anything.
    redirect_url = models.ForeignKey(RedirectURL, null=True, on_delete=models.SET_NULL, related_name="+")
    # Whether the authorization request named it: then the token request must name it too.
    redirect_uri_given = models.BooleanField(default=True)
    # Names the showing of the consent page, which leads to one code: a second grant for it collides here.
    request_id = models.CharField(max_length=32, unique=True)
    redeemed_at = models.DateTimeField(null=True)

    objects = GrantQuerySet.as_manager()

    class Meta(AbstractGrant.Meta):
        abstract = False
        indexes = [models.Index(fields=["expires"], name="grant_expires")]

    def __str__(self) -> str:
        return f"Grant {self.pk}"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Questions about access tokens."""

    def alive(self, now: datetime | None = None) -> Self:
        """Those an API may honor now: neither expired nor revoked, nor any of what they stand on ended."""
        return self.not_ended(now).filter(application__disabled_at=None)

    def not_ended(self, now: datetime | None = None) -> Self:
        """Those that are alive or will be once their application is enabled again."""
        return self.filter(
            Q(user=None) | Q(user__is_active=True),
            expires__gt=now or timezone.now(),
            revoked_at=None,
            application__deleted_at=None,
            family__ended_at=None,
        )

    def of_person(self, person: User) -> Self:
        """Those that speak for a person.

        Tokens of a consent are found by its families, so that new ones need no index entry for the person.
        """
        tokens = AccessToken.objects.order_by()
        by_consent = tokens.filter(family__user=person)
        by_key = tokens.filter(family=None, user=person)
        return self.filter(pk__in=by_consent.values("pk").union(by_key.values("pk")))


class AccessToken(AbstractAccessToken):
    """An access token: its digest in `token_checksum`, its value nowhere."""

    # Columns of flows that are not offered, two of them with an index that every insert would pay for.
    id_token = None
    source_refresh_token = None
    resource = None

    # The toolkit's, less the indexes: `of_person` needs one for machines alone, an application's are below.
    # None where a machine acts as itself.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, db_index=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    token_checksum = models.CharField(max_length=64)
    # None for the tokens of machines, which descend from no consent.
    family = models.ForeignKey(TokenFamily, null=True, on_delete=models.CASCADE, related_name="access_tokens")
    revoked_at = models.DateTimeField(null=True)
    # The digest of an assertion's `jti`: a second token for it collides here (RFC 7523 section 3, item 7).
    assertion_id = models.CharField(max_length=64, null=True)  # noqa: DJ001  # NULLs do not collide
    # Until when the row must stay to refuse that `jti`.
    assertion_expires = models.DateTimeField(null=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta(AbstractAccessToken.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["expires"], name="access_token_expires"),
            models.Index(fields=["application", "-id"], name="access_token_latest"),
            models.Index(
                fields=["user"], condition=models.Q(family__isnull=True), name="access_token_of_machine"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["token_checksum"], name="access_token_digest"),
            models.UniqueConstraint(
                fields=["application", "assertion_id"],
                condition=models.Q(assertion_id__isnull=False),
                name="assertion_used_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Access token {self.pk}"


class RefreshTokenQuerySet(models.QuerySet["RefreshToken"]):
    """Questions about refresh tokens."""

    def alive(self) -> Self:
        """Those that have not been replaced, revoked, or ended with what they stand on."""
        return self.not_ended().filter(replaced_at=None)

    def presentable(self, replaced_after: datetime) -> Self:
        """Those that are alive or were replaced after a time: the reply may have been lost."""
        return self.not_ended().filter(Q(replaced_at=None) | Q(replaced_at__gt=replaced_after))

    def not_ended(self) -> Self:
        """Those that have not been revoked or ended with what they stand on."""
        return self.filter(
            revoked=None,
            user__is_active=True,
            application__deleted_at=None,
            application__disabled_at=None,
            family__ended_at=None,
        )


class RefreshToken(AbstractRefreshToken):
    """A refresh token: its digest in `token_checksum`, its value nowhere."""

    # Access tokens hang on the family: without rotation one refresh token has many of them.
    access_token = None
    token_family = None
    resource = None

    # The toolkit's, less the indexes: refresh tokens are found by value and by family.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False)
    token_checksum = models.CharField(max_length=64)
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="refresh_tokens")
    # Its own: narrowing a refreshed access token must not narrow what comes after (RFC 6749 section 6).
    scope = models.TextField()
    last_used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)
    # Its successor is made of this, its own value and the installation's key.
    successor_salt = models.CharField(max_length=22, default="", db_default="")

    objects = RefreshTokenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_digest")]

    def __str__(self) -> str:
        return f"Refresh token {self.pk}"


class IDToken(AbstractIDToken):
    """Never written: OpenID Connect is not offered. It exists because the models are swapped together."""

    class Meta(AbstractIDToken.Meta):
        abstract = False


class DeviceGrant(AbstractDeviceGrant):
    """Never written: the device flow is not offered. It exists because the models are swapped together."""

    class Meta(AbstractDeviceGrant.Meta):
        abstract = False
