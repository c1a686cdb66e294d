"""The impact of deleting an application: whose access ends with it."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from oauthapps.models import AccessToken, Application
from oauthapps.models.access import families_with_access


@dataclass(frozen=True, kw_only=True)
class Impact:
    """How many people an application has access for, and with how many access tokens."""

    people: int
    access_tokens: int


def impact_of(application: Application) -> Impact:
    """Count those with a living access token, or with a code or refresh token that could still bring one."""
    living = AccessToken.objects.alive().filter(application=application)
    of_machines = Q(pk__in=living.filter(family=None).values("user"))
    families = families_with_access(timezone.now()).filter(application=application)
    of_consents = Q(pk__in=families.values("user"))
    return Impact(people=User.objects.filter(of_machines | of_consents).count(), access_tokens=living.count())
