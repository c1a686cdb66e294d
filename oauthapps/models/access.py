"""What applications may do in people's names now: worked out from what lives, so that it cannot be wrong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from accounts.models import User
from oauthapps.models.applications import Application
from oauthapps.models.consents import Consent, TokenFamily
from oauthapps.models.tokens import AccessToken, Grant, RefreshToken
from oauthapps.rules import lifetimes, scopes
from oauthapps.rules.lifetimes import Lifetime

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Access:
    """What an application may do in a person's name now.

    Attributes:
        scope: the scopes of everything that lives, together; none where nothing does.
        renewable_since: when the grant began that it can go on with for longest in the person's absence; None
            where it cannot.
        allowed_until: the time limit that the person chose for it; None for none.
    """

    scope: tuple[str, ...] = ()
    renewable_since: datetime | None = None
    allowed_until: datetime | None = None

    def last_end(self, application: Application) -> datetime | None:
        """Return when it ends however active the person is; None for never, or where it cannot go on."""
        if self.renewable_since is None:
            return None
        return lifetimes.last_end(
            application.absolute_expiration, since=self.renewable_since, allowed_until=self.allowed_until
        )

    def until_sentence(self, application: Application) -> str:
        """Say to the person until when the application has it."""
        if self.renewable_since is None:
            return "It has to ask you each time."
        return lifetimes.until_sentence(
            application.absolute_expiration,
            application.inactivity_expiration,
            since=self.renewable_since,
            allowed_until=self.allowed_until,
        )


def access_by_consent(user: User) -> defaultdict[int, Access]:
    """Return what applications may do in a person's name now, by the consent's primary key."""
    return together(TokenFamily.objects.filter(user=user))


def access_of(consent: Consent) -> Access:
    """Return what an application may do now by a person's consent."""
    return together(TokenFamily.objects.filter(consent=consent))[consent.pk]


def together(families: QuerySet[TokenFamily]) -> defaultdict[int, Access]:
    """Return what applications may do now by some families, by the consent's primary key."""
    now = timezone.now()
    rows = (
        with_access(families, now)
        .annotate(renewable=Case(When(is_renewable(now), then=Value(True)), default=Value(False)))
        .values_list(
            "consent_id",
            "scope",
            "application__allowed_scope",
            "application__absolute_expiration",
            "allowed_until",
            "renewable",
        )
        .annotate(since=Max("started_at"))
        .order_by("since")
    )
    found: defaultdict[int, Access] = defaultdict(Access)
    ends: dict[int, datetime] = {}
    for consent, scope, allowed_scope, absolute, allowed_until, renewable, since in rows:
        names, access = set(scopes.both(scope, allowed_scope)), found[consent]
        if renewable and scopes.OFFLINE_ACCESS in names:
            end = lifetimes.last_end(absolute, since=since, allowed_until=allowed_until) or NEVER
            if end >= ends.get(consent, end):
                ends[consent] = end
                access = replace(access, renewable_since=since, allowed_until=allowed_until)
        else:
            names.discard(scopes.OFFLINE_ACCESS)
        found[consent] = replace(access, scope=scopes.in_order(names.union(access.scope)))
    return found


def latest_of_consent(tokens: QuerySet[Any], field: str) -> Subquery:
    """Return the latest value that a field of a consent's tokens has."""
    own = tokens.filter(family__consent=OuterRef("pk")).order_by().values("family__consent")
    return Subquery(own.annotate(latest=Max(field)).values("latest"))


def last_uses() -> dict[str, Subquery]:
    """Return what consents are annotated with for `last_use_of`."""
    # Access tokens are cleared away soon after they expire; refresh tokens stay as long as they can be used.
    return {
        "issued_at": latest_of_consent(AccessToken.objects.all(), "created"),
        "refreshed_at": latest_of_consent(RefreshToken.objects.all(), "last_used_at"),
        "refresh_token_issued_at": latest_of_consent(RefreshToken.objects.all(), "created"),
    }


def last_use_of(consent: Any) -> datetime | None:
    """Return when the application last got or refreshed a token; None if it never did.

    Args:
        consent: annotated with `last_uses`.
    """
    uses = [consent.issued_at, consent.refreshed_at, consent.refresh_token_issued_at]
    return max((use for use in uses if use), default=None)


def families_with_access(now: datetime) -> QuerySet[TokenFamily]:
    """Return the families of which something works.

    Those of a disabled application are among them: they work again once it is enabled.
    """
    return with_access(TokenFamily.objects.all(), now)


def with_access(families: QuerySet[TokenFamily], now: datetime) -> QuerySet[TokenFamily]:
    """Return those of some families of which something works."""
    access_token = AccessToken.objects.filter(family=OuterRef("pk"), expires__gt=now, revoked_at=None)
    alive = families.filter(ended_at=None, user__is_active=True)
    return alive.filter(Q(Exists(access_token)) | is_renewable(now))


def is_renewable(now: datetime) -> Q:
    """Return the condition that a family can bring new tokens, by a refresh token or an unused code."""
    codes = Grant.objects.redeemable(now).filter(family=OuterRef("pk"))
    return Q(usable_refresh_token()) & ~expired_before(now) | Q(Exists(codes))


def usable_refresh_token() -> Exists:
    """Return the condition that a family has a refresh token that was neither replaced nor revoked."""
    return Exists(RefreshToken.objects.filter(family=OuterRef("pk"), replaced_at=None, revoked=None))


def expired_before(at: datetime) -> Q:
    """Return the condition that a family's refresh tokens had reached one of their ends at this time."""
    condition = Q(allowed_until__lte=at)
    for choice in Lifetime.values:
        lifetime = lifetimes.delta(choice)
        if lifetime is not None:
            begin = at - lifetime
            condition |= Q(application__absolute_expiration=choice, started_at__lte=begin)
            condition |= Q(application__inactivity_expiration=choice, user__last_active_at__lte=begin)
    return condition


def over_with(absolute: str, inactivity: str, at: datetime) -> Q:
    """Return the condition that a family's refresh tokens would be over by then with these lifetimes."""
    condition = Q(pk__in=[])
    if (lifetime := lifetimes.delta(absolute)) is not None:
        condition |= Q(started_at__lte=at - lifetime)
    if (lifetime := lifetimes.delta(inactivity)) is not None:
        condition |= Q(user__last_active_at__lte=at - lifetime)
    return condition
