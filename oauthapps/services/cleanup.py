"""Removing what can no longer matter, a few rows at a time.

What has been used up stays as long as a second use of it must be recognised: a redeemed code and a replaced
refresh token as long as anything of their family could still work, an assertion's `jti` until the assertion
has expired. Every query follows an index, and every transaction is short.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import OneTimeLink
from oauthapps import lifetimes
from oauthapps.lifetimes import Lifetime
from oauthapps.models import AccessToken, FailureCount, Grant, RefreshToken, SentForm, TokenFamily

BATCH = 500
# A dead token is still a known one for so long: asking about it is no guess.
EXPIRED_FOR = timedelta(days=1)
# What ended can be explained, and an application's shortened lifetime taken back, for so long.
ENDED_FOR = timedelta(days=30)


@dataclass(kw_only=True)
class Removed:
    """How many rows of each kind were removed."""

    codes: int = 0
    access_tokens: int = 0
    refresh_tokens: int = 0
    token_families: int = 0
    failure_counts: int = 0
    sent_forms: int = 0
    sessions: int = 0
    listed_sessions: int = 0
    one_time_links: int = 0

    def as_numbers(self) -> dict[str, int]:
        """Return the numbers by what they count."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def prune(batch: int = BATCH) -> Removed:
    """Remove what can no longer matter and return how much that was.

    Args:
        batch: how many rows a transaction looks at, at most.
    """
    removed, now = Removed(), timezone.now()
    removed.access_tokens = remove_in_batches(expired_access_tokens(now), batch)
    for ids in windows_of_families(batch):
        remove_families(list(finished_families(now).filter(pk__in=ids).values_list("pk", flat=True)), removed)
    yesterday = int((now - EXPIRED_FOR).timestamp())
    removed.failure_counts = remove_in_batches(FailureCount.objects.filter(began__lt=yesterday), batch)
    removed.sent_forms = remove_in_batches(SentForm.objects.filter(at__lt=now - ENDED_FOR), batch)
    sessions = Session.objects.filter(expire_date__lt=now)
    removed.listed_sessions = remove_in_batches(listed_of(sessions), batch)
    removed.sessions = remove_in_batches(sessions, batch)
    removed.one_time_links = remove_in_batches(OneTimeLink.objects.filter(expires_at__lt=now), batch)
    return removed


def remove_in_batches(rows: models.QuerySet[Any], batch: int) -> int:
    """Delete rows, so many in each transaction, and return how many there were."""
    removed = 0
    while ids := list(rows.values_list("pk", flat=True)[:batch]):
        removed += rows.filter(pk__in=ids).delete()[0]
    return removed


def listed_of(sessions: models.QuerySet[Session]) -> models.QuerySet[UserSession]:
    """Return what people's lists say of some sessions."""
    rows: models.QuerySet[UserSession] = UserSession.objects.filter(
        session_key__in=sessions.values("session_key")
    )
    return rows


def expired_access_tokens(now: datetime) -> models.QuerySet[AccessToken]:
    """Return the access tokens that are long expired and whose assertion could not come again."""
    return AccessToken.objects.filter(
        Q(assertion_id=None) | Q(assertion_expires__lt=now), expires__lt=now - EXPIRED_FOR
    ).order_by("expires")


def windows_of_families(batch: int) -> Iterator[list[int]]:
    """Yield the primary keys of all families, so many at a time."""
    last = 0
    while ids := list(
        TokenFamily.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]
    ):
        yield ids
        last = ids[-1]


def finished_families(now: datetime) -> models.QuerySet[TokenFamily]:
    """Return the families of which nothing can ever work again.

    Not those whose person has been away too long: when the person comes back, so do their refresh tokens.
    """
    of_family = {"family": OuterRef("pk")}
    usable = (
        Exists(RefreshToken.objects.filter(**of_family, replaced_at=None, revoked=None)),
        Exists(AccessToken.objects.filter(**of_family, expires__gt=now - EXPIRED_FOR)),
        Exists(Grant.objects.filter(**of_family, expires__gt=now - EXPIRED_FOR)),
    )
    unusable = ~usable[0] & ~usable[1] & ~usable[2]
    long_ago = now - ENDED_FOR
    return TokenFamily.objects.filter(
        unusable
        | Q(ended_at__lt=long_ago)
        | Q(application__deleted_at__lt=long_ago)
        | past_absolute_end(long_ago)
    )


def past_absolute_end(moment: datetime) -> Q:
    """Return the condition that a family's refresh tokens had reached their absolute end at this moment."""
    condition = Q(pk__in=[])
    for choice in Lifetime.values:
        lifetime = lifetimes.delta(choice)
        if lifetime is not None:
            condition |= Q(application__absolute_expiration=choice, started_at__lt=moment - lifetime)
    return condition


def remove_families(ids: list[int], removed: Removed) -> None:
    """Remove families with all that descends from them, in one transaction."""
    if not ids:
        return
    with transaction.atomic():
        removed.codes += Grant.objects.filter(family__in=ids).delete()[0]
        removed.access_tokens += AccessToken.objects.filter(family__in=ids).delete()[0]
        removed.refresh_tokens += RefreshToken.objects.filter(family__in=ids).delete()[0]
        removed.token_families += TokenFamily.objects.filter(pk__in=ids).delete()[0]
