"""Removing what can no longer matter, a few rows at a time.

What has been used up stays as long as a second use of it must be recognized: a redeemed code and a replaced
refresh token as long as anything of their family could still work, an assertion's `jti` until the assertion
has expired. Every query follows an index, and every transaction is short. A family says when it is next worth
looking at, so that a daily run costs what has become due and not what lives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.models import OneTimeLink
from audit.models import Event
from oauthapps.models import (
    AccessToken,
    Application,
    ClientAssertion,
    ClientSecret,
    FailureCount,
    Grant,
    Logo,
    PublicKey,
    RefreshToken,
    SentForm,
    TokenFamily,
)
from oauthapps.models.access import expired_before, usable_refresh_token
from oauthapps.models.consents import EXPLAINED_FOR

BATCH = 500
# A dead token is still a known one for so long: asking about it is no guess.
EXPIRED_FOR = timedelta(days=1)


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
    client_assertions: int = 0
    one_time_links: int = 0
    logos: int = 0
    keys: int = 0
    secrets: int = 0
    events: int = 0

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
    for ids in families_of_deleted_applications(now, batch):
        remove_families(ids, removed)
    for ids in families_due(now, batch):
        finished = list(finished_families(now).filter(pk__in=ids).values_list("pk", flat=True))
        remove_families(finished, removed)
        put_off(ids, now)
    yesterday = int((now - EXPIRED_FOR).timestamp())
    removed.failure_counts = remove_in_batches(FailureCount.objects.filter(began__lt=yesterday), batch)
    removed.sent_forms = remove_in_batches(SentForm.objects.filter(at__lt=now - EXPLAINED_FOR), batch)
    sessions = Session.objects.filter(expire_date__lt=now)
    removed.listed_sessions = remove_in_batches(listed_of(sessions), batch)
    removed.sessions = remove_in_batches(sessions, batch)
    removed.client_assertions = remove_in_batches(ClientAssertion.objects.filter(expires__lt=now), batch)
    removed.one_time_links = remove_in_batches(OneTimeLink.objects.filter(expires_at__lt=now), batch)
    deleted = {"application__in": deleted_applications(now)}
    removed.logos = remove_in_batches(Logo.objects.filter(**deleted), batch)
    removed.keys = remove_in_batches(PublicKey.objects.filter(**deleted), batch)
    removed.secrets = remove_in_batches(ClientSecret.objects.filter(**deleted), batch)
    old = now - timedelta(days=settings.EVENT_DAYS)
    removed.events = remove_in_batches(Event.objects.filter(at__lt=old), batch)
    return removed


def removal_overdue_since() -> datetime | None:
    """Return since when `prune` could have removed what is left; None where nothing is left for it."""
    now = timezone.now()
    old = now - timedelta(days=settings.EVENT_DAYS)
    left: list[tuple[models.QuerySet[Any], str, timedelta]] = [
        (TokenFamily.objects.filter(review_at__lt=now), "review_at", timedelta()),
        (Session.objects.filter(expire_date__lt=now), "expire_date", timedelta()),
        (Event.objects.filter(at__lt=old), "at", timedelta(days=settings.EVENT_DAYS)),
    ]
    oldest = [
        (rows.order_by(field).values_list(field, flat=True).first(), kept) for rows, field, kept in left
    ]
    due: list[datetime] = [at + kept for at, kept in oldest if at is not None]
    if forgotten := expired_access_tokens(now).values_list("expires", "assertion_expires").first():
        expires, assertion_expires = forgotten
        due.append(max(filter(None, (expires + EXPIRED_FOR, assertion_expires))))
    return min(due, default=None)


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


def deleted_applications(now: datetime) -> list[int]:
    """Return the applications that were deleted long ago; their rows stay, for events to refer to."""
    rows = Application.objects.filter(deleted_at__lt=now - EXPLAINED_FOR)
    return list(rows.values_list("pk", flat=True))


def families_of_deleted_applications(now: datetime, batch: int) -> Iterator[list[int]]:
    """Yield families whose application was deleted long ago, so many at a time; the caller removes them."""
    rows = TokenFamily.objects.filter(application__in=deleted_applications(now))
    while ids := list(rows.values_list("pk", flat=True)[:batch]):
        yield ids


def families_due(now: datetime, batch: int) -> Iterator[list[int]]:
    """Yield the families whose review is due, so many at a time; the caller removes them or puts them off."""
    rows = TokenFamily.objects.filter(review_at__lt=now).order_by("review_at")
    while ids := list(rows.values_list("pk", flat=True)[:batch]):
        yield ids


def put_off(ids: list[int], now: datetime) -> None:
    """Let those that are left be reviewed again when it is worth it.

    What has a refresh token lasts; what has none goes as soon as its code and access token are forgotten.
    """
    left = TokenFamily.objects.filter(pk__in=ids)
    left.update(
        review_at=Case(
            When(usable_refresh_token(), then=Value(now + EXPLAINED_FOR)), default=Value(now + EXPIRED_FOR)
        )
    )


def finished_families(now: datetime) -> models.QuerySet[TokenFamily]:
    """Return the families of which nothing can ever work again.

    What has expired is kept for a while, because an application's lifetimes may be lengthened again.
    """
    known = {"family": OuterRef("pk"), "expires__gt": now - EXPIRED_FOR}
    known_access_token = Exists(AccessToken.objects.filter(**known))
    known_code = Exists(Grant.objects.filter(**known))
    long_ago = now - EXPLAINED_FOR
    return TokenFamily.objects.filter(
        ~usable_refresh_token() & ~known_access_token & ~known_code
        | Q(ended_at__lt=long_ago)
        | expired_before(long_ago)
    )


def remove_families(ids: list[int], removed: Removed) -> None:
    """Remove families with all that descends from them, in one transaction."""
    if not ids:
        return
    with transaction.atomic():
        removed.codes += Grant.objects.filter(family__in=ids).delete()[0]
        removed.access_tokens += AccessToken.objects.filter(family__in=ids).delete()[0]
        removed.refresh_tokens += RefreshToken.objects.filter(family__in=ids).delete()[0]
        removed.token_families += TokenFamily.objects.filter(pk__in=ids).delete()[0]
