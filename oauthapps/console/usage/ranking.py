"""Which applications and APIs are used most."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from oauthapps.console.usage.breakdowns import BUILT_IN
from oauthapps.console.usage.periods import Period
from oauthapps.models import Api, Application, UsageCount
from oauthapps.models.usage import UsageKind


@dataclass(frozen=True, kw_only=True)
class ApplicationLine:
    """An application with its counts.

    Attributes:
        client_id: its Client ID.
        name: what it is called.
        deleted_at: when it was deleted; None if it was not.
        issued: how often it was issued tokens.
        refreshed: how often it refreshed tokens.
        refused: how many of its requests were refused.
    """

    client_id: str
    name: str
    deleted_at: datetime | None
    issued: int
    refreshed: int
    refused: int

    def rank(self) -> tuple[int, int, str, str]:
        """Return what it is sorted by."""
        return -(self.issued + self.refreshed), -self.refused, self.name, self.client_id


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


def ranked_applications(period: Period) -> list[ApplicationLine]:
    """Return the applications that were used in a period, the most tokens first, in two statements.

    Those that have been deleted are among them, because the totals include them. Names are looked up
    afterward: joined, they would be read and compared for each day.
    """
    counts = UsageCount.objects.of_kind(UsageKind.APPLICATION).since(period.first).order_by()
    sums = dict.fromkeys(("issued", "refreshed", "refused"), 0)
    rows = counts.values_list("application").annotate(*map(Sum, sums))
    used = {pk: numbers for pk, *numbers in rows}
    applications = Application.objects.filter(pk__in=used).values_list(
        "pk", "client_id", "name", "deleted_at"
    )
    lines = [
        ApplicationLine(
            client_id=client_id, name=name, deleted_at=deleted_at, **dict(zip(sums, used[pk], strict=True))
        )
        for pk, client_id, name, deleted_at in applications
    ]
    return sorted(lines, key=ApplicationLine.rank)


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
