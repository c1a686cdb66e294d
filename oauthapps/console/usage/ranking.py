"""Which applications and APIs are used most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum

from oauthapps.console.usage.breakdowns import BUILT_IN
from oauthapps.console.usage.periods import Period
from oauthapps.models import Api, Application, UsageCount
from oauthapps.models.usage import UsageKind


@dataclass(frozen=True, kw_only=True)
class ApiLine:
    """An API with its counts.

    Attributes:
        name: what it is called.
        is_deleted: whether it was deleted.
        issued: how often tokens for it were issued.
        refreshed: how often they were refreshed.
        applications: for how many applications.
    """

    name: str
    is_deleted: bool
    issued: int
    refreshed: int
    applications: int


def ranked_applications(period: Period) -> Any:  # a QuerySet of dictionaries
    """Return the applications that were used in a period, the most tokens first, with their sums.

    Those that have been deleted are among them, because the totals include them.
    """
    days = Q(usage_counts__kind=UsageKind.APPLICATION, usage_counts__day__gte=period.first)
    sums = {name: Sum(f"usage_counts__{name}") for name in ("issued", "refreshed", "refused")}
    rows = Application.objects.filter(days).values("client_id", "name", "deleted_at")
    used = rows.annotate(**sums, tokens=Sum("usage_counts__issued") + Sum("usage_counts__refreshed"))
    return used.order_by("-tokens", "-refused", "name", "client_id")


def ranked_apis(period: Period) -> Iterator[ApiLine]:
    """Yield the APIs that tokens were for in a period, the most tokens first, in two statements."""
    counts = UsageCount.objects.of_kind(UsageKind.API).since(period.first)
    rows: Any = (
        counts.values("subject")
        .order_by()
        .annotate(
            issued_then=Sum("issued"),
            refreshed_then=Sum("refreshed"),
            number=Count("application", distinct=True),
        )
    )
    found = sorted(rows, key=lambda row: -(row["issued_then"] + row["refreshed_then"]))
    apis = {api.pk: api for api in Api.objects.filter(pk__in=[row["subject"] for row in found])}
    for row in found:
        api = apis.get(row["subject"])
        is_built_in = row["subject"] == BUILT_IN
        yield ApiLine(
            name=settings.PRODUCT_NAME if is_built_in else api.name if api else "Deleted API",
            is_deleted=not is_built_in and (api is None or api.deleted_at is not None),
            issued=row["issued_then"],
            refreshed=row["refreshed_then"],
            applications=row["number"],
        )
