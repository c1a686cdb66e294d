"""How an application stands: whether it can be used, when it last was, and what it still lacks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from oauthapps.models import AccessToken, Application, ClientSecret, PublicKey, RedirectURL


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An application with what a list says about it.

    Attributes:
        application: the application.
        last_used_at: the latest use of anything it has; None if there was none.
        has_secrets: whether it has a live client secret.
        missing: what it still lacks before anybody can use it, each with the id of its place on the page.
    """

    application: Application
    last_used_at: datetime | None
    has_secrets: bool
    missing: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The standing in one word or three."""
        if not self.application.is_enabled:
            return "Disabled"
        return "Setup incomplete" if self.missing else "Enabled"

    @property
    def tone(self) -> str:
        """The badge's colour; the label says the same."""
        return {"Enabled": "good", "Setup incomplete": "caution"}.get(self.label, "")


def standings(applications: QuerySet[Application]) -> list[Standing]:
    """Work out how applications stand, in one statement, in the order given."""
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
    return [_standing(row) for row in annotated]


def standing_of(application: Application) -> Standing:
    """Work out how one application stands."""
    return standings(Application.objects.filter(pk=application.pk))[0]


def _latest(rows: QuerySet[Any], moment: str) -> Subquery:
    own = rows.filter(application=OuterRef("pk"))
    return Subquery(own.order_by(F(moment).desc(nulls_last=True)).values(moment)[:1])


def _standing(row: Any) -> Standing:  # an Application with the annotations above
    spec = row.type
    lacks = {
        ("a Redirect URL", "redirect-urls"): spec.has_redirect_urls and not row.has_redirect_urls,
        ("a client secret", "client-secret"): spec.has_secrets and not row.has_secrets,
        ("a public key", "public-keys"): spec.has_keys and not row.has_keys,
    }
    uses = [row.secret_used_at, row.key_used_at, row.redirect_url_used_at, row.token_issued_at]
    return Standing(
        application=row,
        last_used_at=max((use for use in uses if use), default=None),
        has_secrets=row.has_secrets,
        missing=tuple(lack for lack, is_lacking in lacks.items() if is_lacking),
    )
