"""An application in summary: whether it can be used, when it last was, and what its setup still needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf

from oauthapps.console.ending_credentials import has_endings
from oauthapps.console.usage.weeks import Week
from oauthapps.models import AccessToken, Application, ClientSecret, PublicKey, RedirectURL, UsageCount
from oauthapps.models.usage import UsageKind
from oauthapps.rules.app_types import CLIENT_CREDENTIALS, AppType, spec_of

NEVER = Value(datetime(1970, 1, 1, tzinfo=UTC), output_field=DateTimeField())


class Status(TextChoices):
    """Whether an application can be used."""

    ENABLED = "enabled", "Enabled"
    DISABLED = "disabled", "Disabled"
    INCOMPLETE = "incomplete", "Setup incomplete"


TONES = {Status.ENABLED: "good", Status.DISABLED: "danger", Status.INCOMPLETE: "caution"}


@dataclass(frozen=True, kw_only=True)
class Need:
    """What applications need before they can be used, if their type has it.

    Attributes:
        label: what it is called.
        section: the id of its section on the settings page.
        wanted: the attribute of `TypeSpec` that says whether a type needs it.
        there: the attribute of a row of `summarized` that says whether an application has it.
    """

    label: str
    section: str
    wanted: str
    there: str


NEEDS = (
    Need(
        label="a Redirect URL", section="redirect-urls", wanted="has_redirect_urls", there="has_redirect_urls"
    ),
    Need(label="a client secret", section="client-secret", wanted="has_secrets", there="authenticates"),
    Need(label="a public key", section="public-keys", wanted="exchanges_jwts", there="has_keys"),
)
# What signs JWTs with its keys needs a secret beside them; elsewhere a key may stand in for it.
AUTHENTICATES = Q(has_secrets=True) | Q(has_keys=True) & ~Q(app_type=AppType.MACHINE_TO_MACHINE)


@dataclass(frozen=True, kw_only=True)
class ApplicationSummary:
    """An application with what a list says about it.

    Attributes:
        application: the application.
        last_used_at: the latest use of anything it has; None if there was none, or its day alone is known.
        last_used_on: the day in UTC of the latest use, where its time is not known.
        has_secrets: whether it has a client secret that works.
        has_expired_secrets: whether it has secrets, and all of them have expired.
        has_endings: whether something is about to happen to its secrets and keys; known of one application.
        missing: what it needs before it can be used, each with the id of its section on the settings page.
        week: its last seven days, where they were asked for.
    """

    application: Application
    last_used_at: datetime | None
    last_used_on: date | None
    has_secrets: bool
    has_expired_secrets: bool
    missing: tuple[tuple[str, str], ...]
    week: Week | None = None
    has_endings: bool = False

    @property
    def status(self) -> Status:
        """Whether it can be used; its label says so in a word or two."""
        if not self.application.is_enabled:
            return Status.DISABLED
        return Status.INCOMPLETE if self.missing else Status.ENABLED

    @property
    def works_by_secret(self) -> bool:
        """Whether it gets tokens as itself without what is missing."""
        return CLIENT_CREDENTIALS in self.application.type.grant_types and self.has_secrets

    @property
    def tone(self) -> str:
        """The badge's color; its label says the same."""
        return TONES[self.status]


def summarized(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Return applications with all that their summaries need, in one statement, to filter and to sort by."""
    rows: QuerySet[Application] = applications.annotate(
        has_redirect_urls=Exists(RedirectURL.objects.filter(application=OuterRef("pk"))),
        has_secrets=Exists(ClientSecret.objects.usable().filter(application=OuterRef("pk"))),
        has_live_secrets=Exists(ClientSecret.objects.live().filter(application=OuterRef("pk"))),
        has_keys=Exists(PublicKey.objects.usable().filter(application=OuterRef("pk"))),
        last_used_on=_last_day(),
        last_used_at=_latest_of(
            _latest(ClientSecret.objects.all(), "last_used_at"),
            _latest(PublicKey.objects.all(), "last_used_at"),
            _latest(RedirectURL.objects.all(), "last_used_at"),
            Cast(_last_day(), DateTimeField()),
            # A single page application that only refreshes uses nothing else.
            Subquery(
                AccessToken.objects.filter(application=OuterRef("pk")).order_by("-pk").values("created")[:1]
            ),
        ),
    )
    rows = rows.annotate(authenticates=Case(When(AUTHENTICATES, then=True), default=False))
    return rows.select_related("logo", "organization").defer("logo__png")


def of_status(applications: QuerySet[Application], status: str) -> QuerySet[Application]:
    """Return those of the summarized applications that have a status."""
    if status == Status.DISABLED:
        return applications.exclude(disabled_at=None)
    incomplete = Q(pk__in=[])
    for need in NEEDS:
        types = [app_type for app_type in AppType if getattr(spec_of(app_type), need.wanted)]
        incomplete |= Q(app_type__in=types, **{need.there: False})
    enabled = applications.filter(disabled_at=None)
    return enabled.filter(incomplete if status == Status.INCOMPLETE else ~incomplete)


def summaries(
    rows: Iterable[Application], weeks: Mapping[int, Week] | None = None
) -> list[ApplicationSummary]:
    """Return the summaries of rows of `summarized`, in the order given.

    Args:
        rows: the applications.
        weeks: their last seven days, by primary key.
    """
    return [_summary(row, (weeks or {}).get(row.pk)) for row in rows]


def summary_of(application: Application) -> ApplicationSummary:
    """Summarize one application."""
    rows = summarized(Application.objects.filter(pk=application.pk))
    return summaries(rows.annotate(has_endings=has_endings()))[0]


def _latest(rows: QuerySet[Any], column: str) -> Subquery:
    own = rows.filter(application=OuterRef("pk"))
    return Subquery(own.order_by(F(column).desc(nulls_last=True)).values(column)[:1])


def _last_day() -> Subquery:
    """Return the last day on which tokens were issued or refreshed."""
    counts = UsageCount.objects.of_kind(UsageKind.APPLICATION).filter(Q(issued__gt=0) | Q(refreshed__gt=0))
    own = counts.filter(application=OuterRef("pk"))
    return Subquery(own.order_by("-day").values("day")[:1], output_field=DateField())


def _latest_of(*times: Subquery | Cast) -> NullIf:
    """Return the latest of several times, any of which may be missing; NULL where all are."""
    return NullIf(Greatest(*(Coalesce(time, NEVER) for time in times)), NEVER)


def _summary(row: Any, week: Week | None) -> ApplicationSummary:  # of a summarized Application
    day = row.last_used_on
    is_day_alone = day is not None and row.last_used_at == datetime.combine(day, time.min, UTC)
    missing = (
        (need.label, need.section)
        for need in NEEDS
        if getattr(row.type, need.wanted) and not getattr(row, need.there)
    )
    return ApplicationSummary(
        application=row,
        last_used_at=None if is_day_alone else row.last_used_at,
        last_used_on=day if is_day_alone else None,
        has_secrets=row.has_secrets,
        has_expired_secrets=row.has_live_secrets and not row.has_secrets,
        missing=tuple(missing),
        week=week,
        has_endings=getattr(row, "has_endings", False),
    )
