"""Client secrets that were made before the organization said how long they live at most."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.db.models import F, Q

from oauthapps.models import ClientSecret

MOST_MENTIONED = 20


@dataclass(frozen=True, kw_only=True)
class LongLived:
    """Client secrets that live longer than the organization's rule says.

    Attributes:
        rows: the oldest of them.
        others: how many more there are.
    """

    rows: list[ClientSecret]
    others: int


def long_lived_secrets(most_days: int | None) -> LongLived:
    """Return the live client secrets that live longer than a rule says.

    Args:
        most_days: how long they may live at most, in days; None for no rule.
    """
    if most_days is None:
        return LongLived(rows=[], others=0)
    # They expire at the end of a day.
    latest = F("created_at") + timedelta(days=most_days + 1)
    longer = Q(expires_at=None) | Q(expires_at__gt=latest)
    rows = ClientSecret.objects.usable().filter(longer, application__deleted_at=None)
    found = iter(rows.select_related("application").order_by("created_at", "pk"))
    return LongLived(rows=list(islice(found, MOST_MENTIONED)), others=sum(1 for _ in found))
