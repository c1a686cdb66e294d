from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from oauthapps.models.applications import Application, RedirectURL
from oauthapps.models.consents import TokenFamily

THE_BEGINNING = datetime.fromtimestamp(0, UTC)

# Why the two statements below are SQL. Looking a row up, checking that it may be used and marking it used has
# to be one statement: between two, another request gets in. The conditions on the row itself stand in the
# outer WHERE, because PostgreSQL repeats only that one after it has waited for a competitor; the ORM would
# move all of them into a sub-select as soon as one reaches into another table, and let both through.
REDEEM = """
UPDATE oauthapps_grant SET redeemed_at = %(now)s
 WHERE code = %(digest)s AND application_id = %(application)s AND redeemed_at IS NULL AND expires > %(now)s
   AND redirect_url_id IS NOT NULL
   AND EXISTS (SELECT 1 FROM oauthapps_tokenfamily family
                WHERE family.id = oauthapps_grant.family_id AND family.ended_at IS NULL)
   AND EXISTS (SELECT 1 FROM accounts_user person
                WHERE person.id = oauthapps_grant.user_id AND person.is_active)
RETURNING id, user_id, family_id, scope, redirect_uri, redirect_uri_given, code_challenge
"""

USE = """
UPDATE oauthapps_refreshtoken SET last_used_at = %(now)s, replaced_at = %(replaced_at)s
 WHERE token_checksum = %(digest)s AND application_id = %(application)s
   AND replaced_at IS NULL AND revoked IS NULL
   AND EXISTS (SELECT 1 FROM oauthapps_tokenfamily family
                WHERE family.id = oauthapps_refreshtoken.family_id AND family.ended_at IS NULL
                  AND family.started_at > %(started_after)s)
   AND EXISTS (SELECT 1 FROM accounts_user person
                WHERE person.id = oauthapps_refreshtoken.user_id AND person.is_active
                  AND person.last_active_at > %(active_after)s)
RETURNING id, user_id, family_id, scope
"""


class GrantManager(models.Manager["Grant"]):
    """Redeems authorization codes."""

    def redeem(self, digest: str, application: Application) -> Grant | None:
        """Mark a code as used and return its grant, or return None where it may not be used (any more).

        Of several requests at once, one gets the grant. Whatever fails later in the same transaction gives
        the code back.
        """
        parameters = {"now": timezone.now(), "digest": digest, "application": application.pk}
        return next(iter(list(self.raw(REDEEM, parameters))), None)


class Grant(AbstractGrant):
    """What a person allowed, waiting to be fetched with an authorization code; `code` holds its digest."""

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="grants")
    # None once an administrator has removed it: the code that was sent there is no longer good for anything.
    redirect_url = models.ForeignKey(RedirectURL, null=True, on_delete=models.SET_NULL, related_name="+")
    # Whether the authorization request named it: then the token request must name it too.
    redirect_uri_given = models.BooleanField(default=True)
    # The consent page's request is answered once: a second code for it collides here.
    request_id = models.CharField(max_length=32, unique=True)
    redeemed_at = models.DateTimeField(null=True)

    objects: ClassVar[GrantManager] = GrantManager()

    class Meta(AbstractGrant.Meta):
        abstract = False
        indexes = [models.Index(fields=["expires"], name="grant_expires")]

    def __str__(self) -> str:
        return f"Grant {self.pk}"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    """Questions about access tokens."""

    def alive(self) -> Self:
        """Those an API may honour now: neither expired nor revoked, nor any of what they stand on ended."""
        return self.filter(
            expires__gt=timezone.now(),
            revoked_at=None,
            user__is_active=True,
            application__deleted_at=None,
            application__disabled_at=None,
            family__ended_at=None,
        )

    def of_value(self, digest: str) -> Self:
        """The one whose value has this digest, with all an answer about it needs, in one statement."""
        return self.filter(token_checksum=digest).select_related(
            "user", "application", "application__organization", "family"
        )


class AccessToken(AbstractAccessToken):
    """An access token: its digest in `token_checksum`, its value nowhere."""

    # Columns of flows that are not offered, each with an index that every insert would pay for.
    id_token = None
    source_refresh_token = None

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
        indexes = [models.Index(fields=["expires"], name="access_token_expires")]
        constraints = [
            models.UniqueConstraint(fields=["application", "assertion_id"], name="assertion_used_once")
        ]

    def __str__(self) -> str:
        return f"Access token {self.pk}"


class RefreshTokenQuerySet(models.QuerySet["RefreshToken"]):
    """Questions about refresh tokens."""

    def alive(self) -> Self:
        """Those that have not been replaced, revoked, or ended with what they stand on."""
        return self.filter(
            replaced_at=None,
            revoked=None,
            user__is_active=True,
            application__deleted_at=None,
            application__disabled_at=None,
            family__ended_at=None,
        )

    def of_value(self, digest: str) -> Self:
        """The one whose value has this digest, with all an answer about it needs, in one statement."""
        return self.filter(token_checksum=digest).select_related("user", "application", "family")

    def use(self, digest: str, application: Application) -> RefreshToken | None:
        """Mark a refresh token as used and return it, or return None where it may not be used (any more).

        With rotation on the use also replaces it: of several requests at once, one gets it. Both expirations
        are worked out from the application's settings of this moment.
        """
        now = timezone.now()
        parameters = {
            "now": now,
            "digest": digest,
            "application": application.pk,
            "replaced_at": now if application.rotate_refresh_tokens else None,
            "started_after": before(now, application.absolute_lifetime),
            "active_after": before(now, application.inactivity_lifetime),
        }
        return next(iter(list(self.raw(USE, parameters))), None)


class RefreshToken(AbstractRefreshToken):
    """A refresh token: its digest in `token_checksum`, its value nowhere."""

    # Access tokens hang on the family: without rotation one refresh token has many of them.
    access_token = None
    token_family = None

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="refresh_tokens")
    # Its own: narrowing a refreshed access token must not narrow what comes after (RFC 6749 section 6).
    scope = models.CharField(max_length=200)
    last_used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    objects = RefreshTokenQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_digest")]

    def __str__(self) -> str:
        return f"Refresh token {self.pk}"

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nobody does anything: the earlier of its two expirations, or None for never."""
        ends = [
            begin + lifetime
            for begin, lifetime in (
                (self.family.started_at, self.application.absolute_lifetime),
                (self.user.last_active_at, self.application.inactivity_lifetime),
            )
            if lifetime
        ]
        return min(ends, default=None)


class IDToken(AbstractIDToken):
    """Never written: OpenID Connect is not offered. It exists because the models are swapped together."""

    class Meta(AbstractIDToken.Meta):
        abstract = False


class DeviceGrant(AbstractDeviceGrant):
    """Never written: the device flow is not offered. It exists because the models are swapped together."""

    class Meta(AbstractDeviceGrant.Meta):
        abstract = False


def before(now: datetime, lifetime: timedelta | None) -> datetime:
    """Return the moment after which something must have begun to be within its lifetime now."""
    return now - lifetime if lifetime else THE_BEGINNING
