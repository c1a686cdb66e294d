"""Who uses a client secret or public key, and how much: the evidence that replacing and deleting go by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Max, Sum
from django.utils import timezone

from accounts.models import Organization
from oauthapps.models import ClientSecret, CredentialCaller, PublicKey, UsageCount
from oauthapps.models.credentials import in_use_since

Credential = ClientSecret | PublicKey

MOST_CALLERS = 20
WEEK = 7  # days


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of the uses of a secret or key.

    Attributes:
        last_used_at: when it was last used; None if it never was.
        callers: who used it last.
        others: how many more callers there are.
        today: how often it was used today, in UTC.
        week: how often in the last seven days, in UTC, today included.
        counted_since: since when uses are counted, where that is less than a week.
    """

    last_used_at: datetime | None
    callers: list[CredentialCaller]
    others: int
    today: int
    week: int
    counted_since: datetime | None

    @property
    def is_in_use(self) -> bool:
        """Whether it was used in the last 24 hours, as far as that is noted."""
        return self.last_used_at is not None and self.last_used_at > in_use_since()

    @property
    def recent_callers(self) -> list[CredentialCaller]:
        """Those that used it in the last 24 hours."""
        return [caller for caller in self.callers if caller.last_at > in_use_since()]


def evidence_of(credential: Credential) -> Evidence:
    """Return what is known of the uses of a secret or key."""
    rows = CredentialCaller.objects.filter(kind=credential.usage_kind, credential=credential.pk)
    callers = list(rows[: MOST_CALLERS + 1])
    others = rows.count() - MOST_CALLERS if len(callers) > MOST_CALLERS else 0
    counted_since = Organization.current().usage_counted_since
    now = timezone.now()
    return Evidence(
        last_used_at=last_use_of(credential),
        callers=callers[:MOST_CALLERS],
        others=others,
        today=uses_of(credential, days=1),
        week=uses_of(credential, days=WEEK),
        counted_since=counted_since if counted_since > now - timedelta(days=WEEK) else None,
    )


def uses_of(credential: Credential, *, days: int) -> int:
    """Return how often tokens were issued or refreshed with a secret or key within so many days in UTC."""
    first = timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)
    rows = UsageCount.objects.of_kind(credential.usage_kind).since(first)
    own = rows.filter(application=credential.application_id, subject=credential.pk)
    return own.aggregate(uses=Sum(F("issued") + F("refreshed")))["uses"] or 0


def last_use_of(credential: Credential) -> datetime | None:
    """Return when a secret or key was last used, by whatever noted it."""
    rows = CredentialCaller.objects.filter(kind=credential.usage_kind, credential=credential.pk)
    noted = (credential.last_used_at, rows.aggregate(at=Max("last_at"))["at"])
    return max((at for at in noted if at), default=None)
