"""What an application's tokens came by and are for: its secrets, keys, Redirect URLs and APIs, counted."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, Sum

from oauthapps.console.usage.periods import Period
from oauthapps.models import Api, Application, ClientSecret, CredentialCaller, PublicKey, UsageCount
from oauthapps.models.usage import UsageKind
from oauthapps.services.usage_counts import CALLERS_KEPT

BUILT_IN = 0
IS_TOKEN = Q(issued__gt=0) | Q(refreshed__gt=0)


@dataclass(frozen=True)
class Counts:
    """What was counted of one thing in a period.

    Attributes:
        issued: how often tokens were issued.
        refreshed: how often they were refreshed.
        refused: how often requests were refused.
        last_day: the last day that tokens were issued or refreshed on, of all that is known.
    """

    issued: int = 0
    refreshed: int = 0
    refused: int = 0
    last_day: date | None = None

    @property
    def has_any(self) -> bool:
        """Whether anything was counted in the period."""
        return bool(self.issued or self.refreshed or self.refused)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One secret, key, Redirect URL or API.

    Attributes:
        name: what it is called; empty where nothing is known of it anymore.
        is_code: whether the name is to be read letter by letter.
        is_deleted: whether it was deleted.
        counts: its counts.
        last_used_at: its latest use; None for none, or where a day is known at most.
        counted_since: since when its uses are counted; None where that is not known.
        callers: from how many places it was used; None where that is not counted.
    """

    name: str
    is_code: bool = True
    is_deleted: bool = False
    counts: Counts
    last_used_at: datetime | None = None
    counted_since: datetime | None = None
    callers: int | None = None

    @property
    def last_used_on(self) -> date | None:
        """The day of its latest use, where no time is known."""
        return None if self.last_used_at else self.counts.last_day

    @property
    def callers_in_words(self) -> str:
        """From how many places it was used, as far as they are kept; empty where that is not counted."""
        if self.callers is None:
            return ""
        return f"{self.callers}" if self.callers < CALLERS_KEPT else f"{CALLERS_KEPT} or more"


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """A table of things of one kind.

    Attributes:
        key: names it on its page.
        title: what it is about.
        noun: what one of its lines is.
        lines: its lines.
        has_callers: whether callers are counted.
    """

    key: str
    title: str
    noun: str
    lines: list[Line]
    has_callers: bool = False


def breakdowns_of(application: Application, period: Period) -> Iterator[Breakdown]:
    """Yield the tables of the kinds that the application's type has, in six statements at most.

    What exists stands there also without counts; what was deleted, as long as there are some of it.
    """
    counts = _counts_by_kind(application, period)
    spec = application.type
    if spec.has_secrets:
        lines = _of_credentials(ClientSecret, application, UsageKind.SECRET, counts[UsageKind.SECRET])
        yield Breakdown(key="secrets", title="Client secrets", noun="Secret", lines=lines, has_callers=True)
    if spec.has_keys:
        lines = _of_credentials(PublicKey, application, UsageKind.KEY, counts[UsageKind.KEY])
        yield Breakdown(key="keys", title="Public keys", noun="Key", lines=lines, has_callers=True)
    if spec.has_redirect_urls:
        lines = _of_redirect_urls(application, counts[UsageKind.REDIRECT_URL])
        yield Breakdown(key="redirect-urls", title="Redirect URLs", noun="Redirect URL", lines=lines)
    lines = list(_of_apis(application, counts[UsageKind.API]))
    yield Breakdown(key="apis", title="APIs", noun="API", lines=lines)


def _counts_by_kind(application: Application, period: Period) -> defaultdict[str, dict[int, Counts]]:
    found: defaultdict[str, dict[int, Counts]] = defaultdict(dict)
    in_period = Q(day__gte=period.first)
    rows = UsageCount.objects.filter(application=application).exclude(kind=UsageKind.APPLICATION)
    sums = rows.values_list("kind", "subject").order_by()
    for kind, subject, *numbers in sums.annotate(
        issued_then=Sum("issued", filter=in_period, default=0),
        refreshed_then=Sum("refreshed", filter=in_period, default=0),
        refused_then=Sum("refused", filter=in_period, default=0),
        last_day=Max("day", filter=IS_TOKEN),
    ):
        found[kind][subject] = Counts(*numbers)
    return found


def _of_credentials(
    model: type[ClientSecret | PublicKey],
    application: Application,
    kind: UsageKind,
    counts: dict[int, Counts],
) -> list[Line]:
    callers = dict(
        CredentialCaller.objects.filter(application=application, kind=kind)
        .values_list("credential")
        .annotate(Count("pk"))
        .order_by()
    )
    rows: Any = model.objects.filter(application=application)
    lines = []
    for row in rows.order_by("-created_at", "-pk"):
        own = counts.pop(row.pk, Counts())
        if row.is_live or own.has_any:
            line = Line(
                name=row.masked if isinstance(row, ClientSecret) else row.short_id,
                is_deleted=not row.is_live,
                counts=own,
                last_used_at=row.last_used_at,
                counted_since=application.organization.counts_since(row.created_at),
                callers=callers.get(row.pk, 0),
            )
            lines.append(line)
    return [*lines, *_forgotten(counts)]


def _of_redirect_urls(application: Application, counts: dict[int, Counts]) -> list[Line]:
    lines = [
        Line(
            name=row.url,
            counts=counts.pop(row.pk, Counts()),
            last_used_at=row.last_used_at,
            counted_since=application.organization.counts_since(row.created_at),
        )
        for row in application.redirect_urls.all()
    ]
    return [*lines, *_forgotten(counts)]


def _of_apis(application: Application, counts: dict[int, Counts]) -> Iterator[Line]:
    built_in = counts.pop(BUILT_IN, Counts())
    since = application.organization.counts_since(application.created)
    yield Line(name=settings.PRODUCT_NAME, is_code=False, counts=built_in, counted_since=since)
    for api in Api.objects.filter(pk__in=list(counts)):
        own = counts.pop(api.pk)
        if own.has_any:
            yield Line(
                name=api.name,
                is_code=False,
                is_deleted=api.deleted_at is not None,
                counts=own,
                counted_since=max(since, api.created_at),
            )
    yield from _forgotten(counts)


def _forgotten(counts: dict[int, Counts]) -> list[Line]:
    """Return lines for what has no row anymore."""
    return [Line(name="", is_deleted=True, counts=own) for own in counts.values() if own.has_any]
