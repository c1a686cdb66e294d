"""Which access a list shows and an administrator revokes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from oauthapps.models.applications import Application
from oauthapps.models.consents import Consent, ConsentQuerySet, TokenFamily, TokenFamilyQuerySet
from oauthapps.models.tokens import AccessToken, AccessTokenQuerySet


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Access of applications to what people have.

    Attributes:
        application: the application; None for all of them.
        person: the person; None for everybody.
        is_own: the application's access for itself, and nobody's.
        before: what was allowed, or issued to a machine, before then; None for all.
    """

    application: Application | None = None
    person: User | None = None
    is_own: bool = False
    before: datetime | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is the access of one application to what one person has, or for itself."""
        return self.application is not None and (self.is_own or self.person is not None)

    @property
    def has_machines(self) -> bool:
        """Whether access may be a machine application's, which needs no consent."""
        return self.application is None or self.application.service_id is not None

    @property
    def has_consents(self) -> bool:
        """Whether access may be by consent."""
        return self.application is None or self.application.service_id is None

    @property
    def consents(self) -> ConsentQuerySet:
        """The consents in force, if anything of them is of that time."""
        if self.is_own:
            return Consent.objects.none()
        rows = Consent.objects.in_force().filter(self._about)
        if self.before is None:
            return rows
        older = TokenFamily.objects.alive().filter(consent=OuterRef("pk"), started_at__lt=self.before)
        return rows.filter(
            Q(last_allowed_at__lt=self.before) | Exists(older), first_allowed_at__lt=self.before
        )

    @property
    def families(self) -> TokenFamilyQuerySet:
        """The token families that have not ended."""
        if self.is_own:
            return TokenFamily.objects.none()
        rows = TokenFamily.objects.alive().filter(self._about)
        return rows.filter(started_at__lt=self.before) if self.before else rows

    def tokens_of(self, families: TokenFamilyQuerySet) -> AccessTokenQuerySet:
        """Return the living access tokens of some of these families."""
        return AccessToken.objects.alive().filter(family__in=families)

    @property
    def machine_tokens(self) -> AccessTokenQuerySet:
        """The living access tokens of machines, which descend from no consent."""
        rows = AccessToken.objects.alive().filter(self._about, family=None)
        if self.is_own:
            rows = rows.filter(user=None)
        return rows.filter(created__lt=self.before) if self.before else rows

    @property
    def _about(self) -> Q:
        named: dict[str, Any] = {"application": self.application, "user": self.person}
        return Q(**{name: value for name, value in named.items() if value is not None})
