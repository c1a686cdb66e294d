"""Whom an application reaches now: what stops working when it is deleted."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from oauthapps.models import AccessToken, Application, RefreshToken, TokenFamily
from oauthapps.models.tokens import before


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many people an application has access for, and with how many access tokens."""

    people: int
    access_tokens: int


def reach_of(application: Application) -> Reach:
    """Count those with a living access token, or a refresh token that could still bring one."""
    living = AccessToken.objects.alive().filter(application=application)
    of_machines = Q(pk__in=living.filter(family=None).values("user"))
    of_consents = Q(pk__in=_families_with_access(application).values("user"))
    return Reach(people=User.objects.filter(of_machines | of_consents).count(), access_tokens=living.count())


def _families_with_access(application: Application) -> QuerySet[TokenFamily]:
    now = timezone.now()
    access = AccessToken.objects.filter(family=OuterRef("pk"), expires__gt=now, revoked_at=None)
    refresh = RefreshToken.objects.filter(family=OuterRef("pk"), replaced_at=None, revoked=None)
    within_lifetimes = Q(
        started_at__gt=before(now, application.absolute_lifetime),
        user__last_active_at__gt=before(now, application.inactivity_lifetime),
    )
    families = TokenFamily.objects.alive().filter(application=application, user__is_active=True)
    return families.filter(Q(Exists(access)) | Q(Exists(refresh)) & within_lifetimes)
