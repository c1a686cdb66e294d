"""What was found: of all applications in one statement, however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, CharField, F, QuerySet, Value
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from oauthapps.console.hygiene.kinds import BY_KEY, KINDS, FindingKind, Subject
from oauthapps.console.hygiene.selections import UNUSED_FOR
from oauthapps.models import Application, ClientSecret, HygieneException, PublicKey, RedirectURL


class Finding(NamedTuple):
    """One finding.

    Attributes:
        kind: the key of its kind.
        application: the primary key of its application.
        subject: the primary key of the secret, key or Redirect URL that it is about; 0 for an application.
    """

    kind: str
    application: int
    subject: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """A finding as the page shows it.

    Attributes:
        kind: its kind.
        application: its application.
        subject: what it is about.
    """

    kind: FindingKind
    application: Application
    subject: Subject

    @property
    def name(self) -> str:
        """What the secret, key or Redirect URL is called; empty for the application itself."""
        return name_of(self.subject)

    @property
    def about(self) -> str:
        """What it is about, for buttons."""
        return f"{self.name} of {self.application.name}" if self.name else f"of {self.application.name}"

    @property
    def said(self) -> str:
        """What there is to say of this one."""
        return self.kind.said(self.subject)

    @property
    def fix_url(self) -> str:
        """Where it is fixed."""
        return self.kind.fix_url(self.application)

    @property
    def ignore_url(self) -> str:
        """The page that asks why it should be ignored."""
        subject = 0 if self.kind.is_about_application else self.subject.pk
        return reverse("console:ignore-finding", args=[self.application.client_id, self.kind.key, subject])

    @property
    def label(self) -> str:
        """What events and buttons call it."""
        return f"{self.kind.title}: {self.name}" if self.name else self.kind.title


def found(organization: Organization, application: Application | None = None) -> list[Finding]:
    """Return what is found now, ignored or not, by kind and the names of applications, in one statement.

    Args:
        organization: says since when uses are counted: nothing is called unused before that was 90 days ago.
        application: the only one to look at; all where there is none.
    """
    now = timezone.now()
    is_counted = organization.usage_counted_since <= now - UNUSED_FOR
    parts = [
        _part(kind, kind.select(now), application) for kind in KINDS if is_counted or not kind.needs_counting
    ]
    order = list(BY_KEY)
    rows = sorted(
        parts[0].union(*parts[1:], all=True), key=lambda row: (order.index(row[0]), row[3], *row[1:3])
    )
    return [Finding(kind, pk, subject) for kind, pk, subject, _ in rows]


def exceptions(application: Application | None = None) -> QuerySet[HygieneException]:
    """Return what is ignored of an application, or of all that exist, the latest first."""
    rows = HygieneException.objects.filter(application__deleted_at=None)
    if application is not None:
        rows = rows.filter(application=application)
    return rows.select_related("added_by").order_by("-added_at", "-pk")


def key_of(exception: HygieneException) -> Finding:
    """Return the finding that is ignored."""
    return Finding(exception.finding, exception.application_id, exception.subject)


def kinds_of(application: Application) -> list[FindingKind]:
    """Return which findings an application has that are not ignored, in two statements."""
    ignored = {key_of(row) for row in exceptions(application)}
    keys = {
        finding.kind for finding in found(application.organization, application) if finding not in ignored
    }
    return [kind for kind in KINDS if kind.key in keys]


def items_of(findings: Iterable[Finding]) -> dict[Finding, Item]:
    """Return findings as the page shows them, in four statements; those are missing whose rows are gone."""
    wanted = [finding for finding in findings if finding.kind in BY_KEY]
    applications = (
        Application.objects.live()
        .select_related("user", "organization")
        .in_bulk({finding.application for finding in wanted})
    )
    rows: dict[type[Subject], dict[int, Any]] = {
        model: model.objects.in_bulk(
            {finding.subject for finding in wanted if BY_KEY[finding.kind].model is model}
        )
        for model in (ClientSecret, PublicKey, RedirectURL)
    }
    items = {}
    for finding in wanted:
        kind, application = BY_KEY[finding.kind], applications.get(finding.application)
        subject = application if kind.is_about_application else rows[kind.model].get(finding.subject)
        if application is not None and subject is not None:
            items[finding] = Item(kind=kind, application=application, subject=subject)
    return items


def name_of(subject: Subject) -> str:
    """Return what a secret, key or Redirect URL is called; nothing for an application."""
    if isinstance(subject, ClientSecret):
        return subject.masked
    if isinstance(subject, PublicKey):
        return subject.short_id
    return subject.url if isinstance(subject, RedirectURL) else ""


def _part(kind: FindingKind, rows: QuerySet[Any], application: Application | None) -> Any:
    own = "pk" if kind.is_about_application else "application"
    if application is not None:
        rows = rows.filter(**{own: application.pk})
    subject: Any = Value(0, BigIntegerField()) if kind.is_about_application else F("pk")
    named = rows.order_by().annotate(
        finding_kind=Value(kind.key, CharField()),
        finding_subject=subject,
        finding_name=F("name" if kind.is_about_application else "application__name"),
    )
    return named.values_list("finding_kind", own, "finding_subject", "finding_name")
