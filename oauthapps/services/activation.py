"""Deactivating people and letting them come back. People are never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import OneTimeLink, User
from accounts.services.emergency_account import EMERGENCY_ACCOUNT_STAYS
from accounts.services.password_rule import is_emergency_account
from accounts.services.people import require_another_administrator
from accounts.services.second_factors import remove_second_factors
from accounts.services.sessions import end_sessions_of
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, Consent, TokenFamily
from oauthapps.models.consents import EndReason

ONESELF = "You can't deactivate your own account. Ask another administrator to do it."


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How much ended with somebody's access."""

    consents: int
    access_tokens: int
    sessions: int


def deactivate(user: User, *, actor: Actor, stopped: Sequence[str] = ()) -> Ended | None:
    """Keep a person out: sessions, links, consents and tokens end at once, and do not come back.

    Args:
        user: the person.
        actor: who deactivates them.
        stopped: the applications that stop with them, where the event is to name them.

    Returns:
        How much ended; None where the person was not active.

    Raises:
        ValidationError: when it is the actor, the last active administrator, or the emergency account.
    """
    if actor.user == user:
        raise ValidationError(ONESELF)
    with transaction.atomic():
        require_another_administrator(user)
        active = User.objects.filter(pk=user.pk, is_active=True)
        if not active.exclude(is_emergency_account()).update(is_active=False):
            if active.exists():
                raise ValidationError(EMERGENCY_ACCOUNT_STAYS)
            return None
        ended = end_access(user)
        after = {
            "Consents ended": ended.consents,
            "Access tokens ended": ended.access_tokens,
            "Sessions ended": ended.sessions,
            **({"Applications stopped": list(stopped)} if stopped else {}),
        }
        Event.objects.record(EventKind.PERSON_DEACTIVATED, actor=actor, person=user, after=after)
    return ended


def activate(user: User, *, actor: Actor) -> bool:
    """Let a person sign in again, with their password and second factors, and return whether that was new.

    What a request that was under way during the deactivation may have left behind ends with it.
    """
    with transaction.atomic():
        rows = User.objects.filter(pk=user.pk, is_active=False, joined_at__isnull=False)
        if not rows.update(is_active=True):
            return False
        end_access(user)
        Event.objects.record(EventKind.PERSON_ACTIVATED, actor=actor, person=user)
    return True


def admit(user: User, *, actor: Actor) -> bool:
    """Activate a person who was only invited, and return whether that was new; the invitation ends.

    They have no password: they sign in with an identity provider, or choose one with a link.
    """
    with transaction.atomic():
        invited = User.objects.filter(pk=user.pk, is_active=False, joined_at=None)
        if not invited.update(is_active=True, joined_at=timezone.now()):
            return False
        OneTimeLink.objects.filter(user=user).delete()
        Event.objects.record(EventKind.PERSON_ACTIVATED, actor=actor, person=user, detail="invited before")
    return True


def reset_person(user: User, *, password: str, actor: Actor) -> None:
    """Give a person a new password, make them active, and remove their second factors and links.

    Every session of theirs ends, because it was begun with the old password. Where they were not active, what
    may have been left behind ends as in `activate`.

    Raises:
        ValidationError: when the password is against the rules.
    """
    validate_password(password, user)
    hashed = make_password(password)  # takes a while: nobody should have to wait for the row meanwhile
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not person.is_active:
            end_access(person)
        person.password, person.must_change_password = hashed, False
        person.is_active, person.joined_at = True, person.joined_at or timezone.now()
        person.save(update_fields=["password", "must_change_password", "is_active", "joined_at"])
        remove_second_factors(person)
        OneTimeLink.objects.filter(user=person).delete()
        Event.objects.record(EventKind.PERSON_RESET, actor=actor, person=person)


def end_access(user: User) -> Ended:
    """End all that acts in a person's name."""
    now = timezone.now()
    OneTimeLink.objects.filter(user=user).delete()
    consents = Consent.objects.active().filter(user=user).update(withdrawn_at=now)
    tokens = AccessToken.objects.of_person(user).filter(
        revoked_at=None, expires__gt=now, family__ended_at=None
    )
    access_tokens = AccessToken.objects.filter(pk__in=list(tokens.values_list("pk", flat=True))).update(
        revoked_at=now
    )
    TokenFamily.objects.filter(user=user).end(EndReason.PERSON_DEACTIVATED)
    return Ended(consents=consents, access_tokens=access_tokens, sessions=end_sessions_of(user))
