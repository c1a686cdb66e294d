"""Ending sessions: on the server, so that the browser that had one is signed out at once."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.actors import Actor
from accounts.models import User
from oauthapps.models import Event
from oauthapps.models.events import EventKind


def end_session(session: UserSession, *, actor: Actor) -> None:
    """End one session of a person's, unless it has ended already."""
    with transaction.atomic():
        if _end([session.session_key]):
            Event.objects.record(
                EventKind.SESSION_ENDED, actor=actor, person=session.user, detail=f"from {session.ip}"
            )


def end_other_sessions(user: User, *, kept: str, actor: Actor) -> int:
    """End all sessions of a person's except one and return how many ended.

    Args:
        user: the person.
        kept: the session key of the one that goes on.
        actor: who ends them.
    """
    with transaction.atomic():
        count = _end(_keys_of(user, kept=kept))
        if count:
            Event.objects.record(EventKind.SESSION_ENDED, actor=actor, person=user, detail=f"{count} others")
    return count


def end_sessions_of(user: User) -> int:
    """End all sessions of a person's and return how many ended."""
    return _end(_keys_of(user))


def _keys_of(user: User, kept: str = "") -> list[str]:
    rows = UserSession.objects.filter(user=user).exclude(session_key=kept)
    return list(rows.values_list("session_key", flat=True))


def _end(keys: list[str]) -> int:
    UserSession.objects.filter(session_key__in=keys).delete()
    ended, _ = Session.objects.filter(session_key__in=keys).delete()
    return ended
