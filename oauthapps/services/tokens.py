"""Issuing tokens, and ending what a replay puts in doubt."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from oauthapps import client_secrets
from oauthapps.models import AccessToken, Application, Event, Grant, RefreshToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.models.events import EventKind

# A replaced refresh token that comes back within this time is a lost reply or a second tab, not a theft.
REPLAY_LEEWAY = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Tokens that have just been made, in clear, and all that is kept about them.

    Attributes:
        application: whose client asked.
        user: whom the access token speaks for.
        scope: the access token's scopes, as on the wire.
        seconds: how long the access token lives.
        access_token: its value, to be digested.
        family: what it descends from; None for machines.
        refresh_token: a new refresh token's value; empty when there is none.
        refresh_scope: the refresh token's own scopes.
        assertion_id: the digest of the assertion's `jti`, where it had one.
        assertion_expires: until when that assertion could come again.
    """

    application: Application
    user_id: int
    scope: str
    seconds: int
    access_token: str = field(repr=False)
    family_id: int | None = None
    refresh_token: str = field(default="", repr=False)
    refresh_scope: str = ""
    assertion_id: str | None = None
    assertion_expires: datetime | None = None


def store_tokens(issue: Issue) -> None:
    """Store the digests of newly made tokens. The caller's transaction holds what they were made from.

    Raises:
        IntegrityError: when the assertion has been used before.
    """
    now = timezone.now()
    AccessToken.objects.create(
        application=issue.application,
        user_id=issue.user_id,
        family_id=issue.family_id,
        token="",
        token_checksum=client_secrets.digest(issue.access_token),
        scope=issue.scope,
        expires=now + timedelta(seconds=issue.seconds),
        assertion_id=issue.assertion_id,
        assertion_expires=issue.assertion_expires,
    )
    if issue.refresh_token and issue.family_id:
        RefreshToken.objects.create(
            application=issue.application,
            user_id=issue.user_id,
            family_id=issue.family_id,
            token="",
            token_checksum=client_secrets.digest(issue.refresh_token),
            scope=issue.refresh_scope,
        )


def end_family_of_replayed_code(digest: str, application: Application, *, actor: Actor) -> None:
    """End the family of a code that its own client presents a second time (RFC 6749 section 4.1.2)."""
    grant = (
        Grant.objects.filter(code=digest, application=application)
        .exclude(redeemed_at=None)
        .select_related("family", "user")
        .first()
    )
    if grant is not None:
        end_family(
            grant.family, EndReason.CODE_REPLAYED, EventKind.CODE_REPLAYED, person=grant.user, actor=actor
        )


def end_family_of_replayed_refresh_token(digest: str, application: Application, *, actor: Actor) -> None:
    """End the family of a refresh token that comes back after it was replaced (RFC 9700 section 4.14.2)."""
    token = (
        RefreshToken.objects.filter(
            token_checksum=digest,
            application=application,
            replaced_at__lte=timezone.now() - REPLAY_LEEWAY,
        )
        .select_related("family", "user")
        .first()
    )
    if token is not None:
        end_family(
            token.family,
            EndReason.REFRESH_TOKEN_REPLAYED,
            EventKind.REFRESH_TOKEN_REPLAYED,
            person=token.user,
            actor=actor,
        )


def end_family(
    family: TokenFamily, reason: EndReason, kind: EventKind, *, person: User, actor: Actor
) -> None:
    """End a family and record why, unless it has ended already."""
    with transaction.atomic():
        if TokenFamily.objects.filter(pk=family.pk).end(reason):
            Event.objects.record(kind, actor=actor, application=family.application, person=person)


def revoke(digest: str, application: Application, *, actor: Actor) -> None:
    """Revoke a token of this application's (RFC 7009 section 2.1); anybody else's is left alone.

    A refresh token takes its family with it: every access token of the same grant.
    """
    refresh_token = (
        RefreshToken.objects.filter(token_checksum=digest, application=application)
        .select_related("family", "user")
        .first()
    )
    if refresh_token is not None:
        end_family(
            refresh_token.family,
            EndReason.REVOKED_BY_CLIENT,
            EventKind.TOKEN_REVOKED,
            person=refresh_token.user,
            actor=actor,
        )
        return
    with transaction.atomic():
        rows = AccessToken.objects.filter(token_checksum=digest, application=application, revoked_at=None)
        if rows.update(revoked_at=timezone.now()):
            Event.objects.record(EventKind.TOKEN_REVOKED, actor=actor, application=application)
