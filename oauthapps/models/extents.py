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
        return self.application is None or bool(self.application.service_id)

    @property
    def has_consents(self) -> bool:
        """Whether access may be by consent."""
        return not self.is_own and (self.application is None or not self.application.service_id)

    @property
    def consents(self) -> ConsentQuerySet:
        """The consents in force, if anything of them is of that time."""
        if not self.has_consents:
            return Consent.objects.none()
        rows = Consent.objects.in_force().filter(self.about)
        if self.before is None:
            return rows
        older = TokenFamily.objects.alive().filter(consent=OuterRef("pk"), started_at__lt=self.before)
        return rows.filter(
            Q(last_allowed_at__lt=self.before) | Exists(older), first_allowed_at__lt=self.before
        )

    @property
    def families(self) -> TokenFamilyQuerySet:
        """The token families that have not ended."""
        if not self.has_consents:
            return TokenFamily.objects.none()
        return self._of_that_time(TokenFamily.objects.alive().filter(self.about))

    def families_of(self, consents: list[int]) -> TokenFamilyQuerySet:
        """Return those of some of its consents, by primary key."""
        # By consent alone: SQLite would go through all of the application otherwise.
        return self._of_that_time(TokenFamily.objects.alive().filter(consent__in=consents))

    def _of_that_time(self, families: TokenFamilyQuerySet) -> TokenFamilyQuerySet:
        return families.filter(started_at__lt=self.before) if self.before else families

    def tokens_of(self, families: TokenFamilyQuerySet) -> AccessTokenQuerySet:
        """Return the access tokens of some of these families that have not ended."""
        # By primary key: SQLite would go through the tokens of all applications to find them by family.
        tokens = AccessToken.objects.filter(family__in=families).order_by()
        return AccessToken.objects.not_ended().filter(pk__in=tokens.values("pk"))

    @property
    def machine_tokens(self) -> AccessTokenQuerySet:
        """The access tokens of machines that have not ended; they descend from no consent."""
        if not self.has_machines:
            return AccessToken.objects.none()
        rows = AccessToken.objects.not_ended().filter(self.about, family=None)
        if self.is_own:
            rows = rows.filter(user=None)
        return rows.filter(created__lt=self.before) if self.before else rows

    @property
    def about(self) -> Q:
        """The condition that a row with an application and a user is of these."""
        named: dict[str, Any] = {"application": self.application, "user": self.person}
        return Q(**{name: value for name, value in named.items() if value is not None})
