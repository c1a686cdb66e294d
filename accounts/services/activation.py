"""Deactivating people and letting them come back. People are never deleted."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import OneTimeLink, User
from accounts.services.people import keep_an_administrator_beside
from accounts.services.sessions import end_sessions_of
from oauthapps.models import AccessToken, Consent, Event, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.models.events import EventKind

ONESELF = "You cannot deactivate yourself: another administrator can."


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How much ended with somebody's access."""

    consents: int
    access_tokens: int
    sessions: int


def deactivate(user: User, *, actor: Actor) -> Ended:
    """Keep a person out: sessions, links, consents and tokens end at once, and do not come back.

    Raises:
        ValidationError: when it is the actor, or the last active administrator.
    """
    if actor.user == user:
        raise ValidationError(ONESELF)
    with transaction.atomic():
        keep_an_administrator_beside(user)
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            return Ended(consents=0, access_tokens=0, sessions=0)
        ended = end_access(user)
        after = {
            "Consents ended": ended.consents,
            "Access tokens ended": ended.access_tokens,
            "Sessions ended": ended.sessions,
        }
        Event.objects.record(EventKind.PERSON_DEACTIVATED, actor=actor, person=user, after=after)
    return ended


def activate(user: User, *, actor: Actor) -> bool:
    """Let a person sign in again, with their password and second factors, and return whether that was new.

    What a request that was under way during the deactivation may have left behind ends first.
    """
    with transaction.atomic():
        end_access(user)
        rows = User.objects.filter(pk=user.pk, is_active=False, joined_at__isnull=False)
        if not rows.update(is_active=True):
            return False
        Event.objects.record(EventKind.PERSON_ACTIVATED, actor=actor, person=user)
    return True


def end_access(user: User) -> Ended:
    """End all that acts in a person's name."""
    now = timezone.now()
    OneTimeLink.objects.filter(user=user).delete()
    consents = Consent.objects.standing().filter(user=user).update(withdrawn_at=now)
    tokens = AccessToken.objects.of_person(user).filter(
        revoked_at=None, expires__gt=now, family__ended_at=None
    )
    access_tokens = AccessToken.objects.filter(pk__in=list(tokens.values_list("pk", flat=True))).update(
        revoked_at=now
    )
    TokenFamily.objects.filter(user=user).end(EndReason.PERSON_DEACTIVATED)
    return Ended(consents=consents, access_tokens=access_tokens, sessions=end_sessions_of(user))
