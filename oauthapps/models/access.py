"""What applications may do in people's names now: worked out from what lives, so that it cannot be wrong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import User
from oauthapps.models.consents import TokenFamily
from oauthapps.models.tokens import AccessToken, Grant, RefreshToken
from oauthapps.rules import lifetimes, scopes
from oauthapps.rules.lifetimes import Lifetime


@dataclass(frozen=True, kw_only=True)
class Access:
    """What an application may do in a person's name now.

    Attributes:
        scope: the scopes of everything that lives, together; none where nothing does.
        renewable_since: when the latest grant began that it can go on with in the person's absence; None
            where it cannot.
    """

    scope: tuple[str, ...] = ()
    renewable_since: datetime | None = None


def access_by_consent(user: User) -> defaultdict[int, Access]:
    """Return what applications may do in a person's name now, by the consent's primary key."""
    now = timezone.now()
    rows = (
        families_with_access(now)
        .filter(user=user)
        .annotate(renewable=Case(When(is_renewable(now), then=Value(True)), default=Value(False)))
        .values_list("consent_id", "scope", "application__allowed_scope", "renewable")
        .annotate(since=Max("started_at"))
        .order_by("since")
    )
    found: defaultdict[int, Access] = defaultdict(Access)
    for consent, scope, allowed_scope, renewable, since in rows:
        effective = scopes.both(scope, allowed_scope)
        found[consent] = together(found[consent], effective, since if renewable else None)
    return found


def together(access: Access, scope: tuple[str, ...], renewable_since: datetime | None) -> Access:
    """Return an access with that of one more grant.

    Args:
        access: what there is without it.
        scope: what it allows.
        renewable_since: when it began, if it can be renewed; later than those before it.
    """
    if scopes.OFFLINE_ACCESS not in scope:
        renewable_since = None
    elif renewable_since is None:
        scope = tuple(name for name in scope if name != scopes.OFFLINE_ACCESS)
    return Access(
        scope=scopes.in_order([*access.scope, *scope]),
        renewable_since=renewable_since or access.renewable_since,
    )


def families_with_access(now: datetime) -> QuerySet[TokenFamily]:
    """Return the families of which something works.

    Those of a disabled application are among them: they work again once it is enabled.
    """
    access_token = AccessToken.objects.filter(family=OuterRef("pk"), expires__gt=now, revoked_at=None)
    families = TokenFamily.objects.alive().filter(user__is_active=True)
    return families.filter(Q(Exists(access_token)) | is_renewable(now))


def is_renewable(now: datetime) -> Q:
    """Return the condition that a family can bring new tokens, by a refresh token or an unused code."""
    codes = Grant.objects.redeemable(now).filter(family=OuterRef("pk"))
    return Q(usable_refresh_token()) & ~expired_before(now) | Q(Exists(codes))


def usable_refresh_token() -> Exists:
    """Return the condition that a family has a refresh token that was neither replaced nor revoked."""
    return Exists(RefreshToken.objects.filter(family=OuterRef("pk"), replaced_at=None, revoked=None))


def expired_before(at: datetime) -> Q:
    """Return the condition that a family's refresh tokens had reached either of their ends at this time."""
    condition = Q(pk__in=[])
    for choice in Lifetime.values:
        lifetime = lifetimes.delta(choice)
        if lifetime is not None:
            begin = at - lifetime
            condition |= Q(application__absolute_expiration=choice, started_at__lte=begin)
            condition |= Q(application__inactivity_expiration=choice, user__last_active_at__lte=begin)
    return condition
