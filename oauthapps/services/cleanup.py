"""Removing what can no longer matter, a few rows at a time.

What has been used up stays as long as a second use of it must be recognized: a redeemed code and a replaced
refresh token as long as anything of their family could still work, an assertion's `jti` until a day after
the assertion has expired. Every query follows an index, and every transaction is short (`common/work.py`). A
family says when it is next worth looking at, so that a run costs what has become due and not what lives.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.models import CacheEntry, OneTimeLink, ProviderSession
from audit.models import Event, HousekeepingRun
from common.work import Work
from oauthapps.models import (
    AccessToken,
    Application,
    ClientAssertion,
    ClientSecret,
    Consent,
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
from oauthapps.services.bin import end_issued, purge_overdue
from oauthapps.services.recorded_requests import remove_old_requests
from oauthapps.services.usage_counts import remove_old_usage

# A dead token is still a known one for so long: asking about it is no guess. A used assertion is, too: should
# the clock have been ahead by hours, it could still come again.
EXPIRED_FOR = timedelta(days=1)
# For how long it is known what housekeeping did.
RUNS_KEPT_FOR = timedelta(days=30)


@dataclass(kw_only=True)
class Removed:
    """How many rows of each kind were removed."""

    codes: int = 0
    access_tokens: int = 0
    refresh_tokens: int = 0
    token_families: int = 0
    failure_counts: int = 0
    sent_forms: int = 0
    sign_in_attempts: int = 0
    sessions: int = 0
    listed_sessions: int = 0
    provider_sessions: int = 0
    client_assertions: int = 0
    one_time_links: int = 0
    logos: int = 0
    keys: int = 0
    secrets: int = 0
    consents: int = 0
    ended_token_families: int = 0
    revoked_access_tokens: int = 0
    purged_applications: int = 0
    events: int = 0
    housekeeping_runs: int = 0
    requests: int = 0
    usage_counts: int = 0
    people_seen: int = 0
    callers: int = 0

    def as_numbers(self) -> dict[str, int]:
        """Return the numbers by what they count."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def prune(work: Work | None = None) -> Removed:
    """Remove all that can no longer matter and return how much that was.

    Args:
        work: says how much at a time, and counts by the names of `Removed`; without it all is removed.
    """
    work = work or Work()
    for remove_some in (
        remove_expired,
        remove_retired,
        remove_counters,
        remove_old_records,
        remove_old_requests,
        remove_old_usage,
    ):
        remove_some(work)
    return Removed(**work.counts)


def remove_expired(work: Work) -> None:
    """Remove tokens, with their families, sessions, assertions, and links that are over."""
    now = timezone.now()
    work.delete(expired_access_tokens(now), "access_tokens")
    review_families(now, work)
    sessions = expired_sessions(now)
    work.delete(listed_of(sessions), "listed_sessions")
    work.delete(sessions, "sessions")
    work.delete(provider_sessions_that_ended(now), "provider_sessions")
    work.delete(ClientAssertion.objects.filter(expires__lt=now - EXPIRED_FOR), "client_assertions")
    work.delete(OneTimeLink.objects.filter(expires_at__lt=now), "one_time_links")


def remove_retired(work: Work) -> None:
    """End what was issued to deleted applications, and remove what those left behind that are purged.

    The rows of purged applications stay, for events, and so that nobody gets their Client IDs.
    """
    end_issued(Application.objects.in_bin(), work)
    purge_overdue(work)
    # All of them were deleted, which an index knows.
    purged = Application.objects.filter(deleted_at__lte=timezone.now(), purged_at__isnull=False)
    if not (ids := list(purged.values_list("pk", flat=True))):
        return
    of_these = {"application__in": ids}
    families = TokenFamily.objects.filter(**of_these)
    while work.may_go_on() and (batch := work.some_of(families)):
        remove_families(batch, work)
    work.delete(Consent.objects.filter(**of_these), "consents")
    work.delete(Logo.objects.filter(**of_these), "logos")
    work.delete(PublicKey.objects.filter(**of_these), "keys")
    work.delete(ClientSecret.objects.filter(**of_these), "secrets")


def remove_counters(work: Work) -> None:
    """Remove counts of failures and attempts that no longer count, and forms that nobody sends again."""
    now = timezone.now()
    yesterday = int((now - EXPIRED_FOR).timestamp())
    work.delete(FailureCount.objects.filter(began__lt=yesterday), "failure_counts")
    work.delete(SentForm.objects.filter(at__lt=now - EXPLAINED_FOR), "sent_forms")
    work.delete(CacheEntry.objects.filter(expires__lt=now), "sign_in_attempts")


def remove_old_records(work: Work) -> None:
    """Remove events, and records of housekeeping, that are older than they are kept."""
    now = timezone.now()
    work.delete(old_events(now), "events")
    runs = HousekeepingRun.objects.filter(began_at__lt=now - RUNS_KEPT_FOR).order_by("began_at")
    work.delete(runs, "housekeeping_runs")


def removal_overdue_since() -> datetime | None:
    """Return since when `prune` could have removed what is left; None where nothing is left for it."""
    now = timezone.now()
    left: list[tuple[models.QuerySet[Any], str, timedelta]] = [
        (families_to_review(now), "review_at", timedelta()),
        (expired_sessions(now), "expire_date", timedelta()),
        (old_events(now), "at", timedelta(days=settings.EVENT_DAYS)),
    ]
    oldest = [
        (rows.order_by(field).values_list(field, flat=True).first(), kept) for rows, field, kept in left
    ]
    due: list[datetime] = [at + kept for at, kept in oldest if at is not None]
    if forgotten := expired_access_tokens(now).values_list("expires", "assertion_expires").first():
        expires, assertion_expires = forgotten
        due.append(max(filter(None, (expires, assertion_expires))) + EXPIRED_FOR)
    return min(due, default=None)


def families_to_review(now: datetime) -> models.QuerySet[TokenFamily]:
    """Return the families whose review is due, the one that has waited longest first."""
    return TokenFamily.objects.filter(review_at__lt=now).order_by("review_at")


def expired_sessions(now: datetime) -> models.QuerySet[Session]:
    """Return the sessions that have expired."""
    return Session.objects.filter(expire_date__lt=now)


def old_events(now: datetime) -> models.QuerySet[Event]:
    """Return the events that are older than they are kept."""
    return Event.objects.filter(at__lt=now - timedelta(days=settings.EVENT_DAYS))


def provider_sessions_that_ended(now: datetime) -> models.QuerySet[ProviderSession]:
    """Return the records of sessions that began with identity providers and must have ended by now."""
    longest = timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
    return ProviderSession.objects.filter(began_at__lt=now - longest).order_by("began_at")


def listed_of(sessions: models.QuerySet[Session]) -> models.QuerySet[UserSession]:
    """Return what people's lists say of some sessions."""
    rows: models.QuerySet[UserSession] = UserSession.objects.filter(
        session_key__in=sessions.values("session_key")
    )
    return rows


def expired_access_tokens(now: datetime) -> models.QuerySet[AccessToken]:
    """Return the access tokens that are long expired and whose assertion could not come again."""
    long_ago = now - EXPIRED_FOR
    return AccessToken.objects.filter(
        Q(assertion_id=None) | Q(assertion_expires__lt=long_ago), expires__lt=long_ago
    ).order_by("expires")


def review_families(now: datetime, work: Work) -> None:
    """Remove the families whose review is due and of which nothing can work again; put the others off."""
    while work.may_go_on() and (ids := work.some_of(families_to_review(now))):
        finished = finished_families(now).filter(pk__in=ids).values_list("pk", flat=True)
        if not remove_families(list(finished), work):
            return
        with work.turn():
            put_off(ids, now)


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


def remove_families(ids: list[int], work: Work) -> bool:
    """Remove families with all that descends from them, which goes first, and return whether all are gone.

    If it is interrupted, the rest is as dead as before, and goes the next time.
    """
    of_these = {"family__in": ids}
    is_clear = (
        work.delete(Grant.objects.filter(**of_these), "codes")
        and work.delete(AccessToken.objects.filter(**of_these), "access_tokens")
        and work.delete(RefreshToken.objects.filter(**of_these), "refresh_tokens")
    )
    return is_clear and work.delete(TokenFamily.objects.filter(pk__in=ids), "token_families")
