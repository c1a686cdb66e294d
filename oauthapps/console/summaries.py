"""An application in summary: whether it can be used, when it last was, and what its setup still needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from oauthapps.models import AccessToken, Application, ClientSecret, PublicKey, RedirectURL

ENABLED, DISABLED, INCOMPLETE = "Enabled", "Disabled", "Setup incomplete"
TONES = {ENABLED: "good", DISABLED: "danger", INCOMPLETE: "caution"}


@dataclass(frozen=True, kw_only=True)
class ApplicationSummary:
    """An application with what a list says about it.

    Attributes:
        application: the application.
        last_used_at: the latest use of anything it has; None if there was none.
        has_secrets: whether it has a live client secret.
        missing: what it needs before it can be used, each with the id of its section on the settings page.
    """

    application: Application
    last_used_at: datetime | None
    has_secrets: bool
    missing: tuple[tuple[str, str], ...]

    @property
    def status(self) -> str:
        """The status in a word or two."""
        if not self.application.is_enabled:
            return DISABLED
        return INCOMPLETE if self.missing else ENABLED

    @property
    def tone(self) -> str:
        """The badge's color; its label says the same."""
        return TONES[self.status]


def summaries(applications: QuerySet[Application]) -> list[ApplicationSummary]:
    """Summarize applications, in one statement, in the order given."""
    rows = applications.select_related("logo").defer("logo__png")
    annotated = rows.annotate(
        has_redirect_urls=Exists(RedirectURL.objects.filter(application=OuterRef("pk"))),
        has_secrets=Exists(ClientSecret.objects.live().filter(application=OuterRef("pk"))),
        has_keys=Exists(PublicKey.objects.live().filter(application=OuterRef("pk"))),
        secret_used_at=_latest(ClientSecret.objects.all(), "last_used_at"),
        key_used_at=_latest(PublicKey.objects.all(), "last_used_at"),
        redirect_url_used_at=_latest(RedirectURL.objects.all(), "last_used_at"),
        # A single page application that only refreshes uses nothing else.
        token_issued_at=Subquery(
            AccessToken.objects.filter(application=OuterRef("pk")).order_by("-pk").values("created")[:1]
        ),
    )
    return [_summary(row) for row in annotated]


def summary_of(application: Application) -> ApplicationSummary:
    """Summarize one application."""
    return summaries(Application.objects.filter(pk=application.pk))[0]


def _latest(rows: QuerySet[Any], column: str) -> Subquery:
    own = rows.filter(application=OuterRef("pk"))
    return Subquery(own.order_by(F(column).desc(nulls_last=True)).values(column)[:1])


def _summary(row: Any) -> ApplicationSummary:  # an Application with the annotations above
    spec = row.type
    needs = {
        ("a Redirect URL", "redirect-urls"): spec.has_redirect_urls and not row.has_redirect_urls,
        ("a client secret", "client-secret"): spec.has_secrets and not row.has_secrets,
        ("a public key", "public-keys"): spec.has_keys and not row.has_keys,
    }
    uses = [row.secret_used_at, row.key_used_at, row.redirect_url_used_at, row.token_issued_at]
    return ApplicationSummary(
        application=row,
        last_used_at=max((use for use in uses if use), default=None),
        has_secrets=row.has_secrets,
        missing=tuple(need for need, is_missing in needs.items() if is_missing),
    )
