"""People's sessions: listing them, and ending them on the server, so that the browser is signed out at once.

Rows of both tables are named by the digests of session keys (`accounts.sessions.store`). django-allauth's own
methods would look for the keys themselves.
"""

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.words import counted

ONESELF = "This is your own account. Use Security instead."


def sessions_of(user: User) -> list[UserSession]:
    """Return a person's sessions that go on."""
    listed = list(UserSession.objects.filter(user=user))
    going_on = _going_on(user, listed)
    return [row for row in listed if row.session_key in going_on]


def forget_ended_sessions(user: User) -> None:
    """Take off a person's list what ended by itself.

    The person is read after the list: a session on it may have begun after all earlier ones were ended, of
    which `user` knows nothing.
    """
    listed = list(UserSession.objects.filter(user=user))
    going_on = _going_on(User.objects.get(pk=user.pk), listed)
    ended = [row.pk for row in listed if row.session_key not in going_on]
    UserSession.objects.filter(pk__in=ended).delete()


def _going_on(user: User, listed: list[UserSession]) -> set[str]:
    """Return which of a person's sessions have not expired and began under this password."""
    if not user.is_active:
        return set()
    digests = [row.session_key for row in listed]
    rows = Session.objects.filter(session_key__in=digests, expire_date__gt=timezone.now())
    return {
        row.session_key
        for row in rows
        if user.is_session_auth_hash(row.get_decoded().get(HASH_SESSION_KEY, ""))
    }


def end_session(session: UserSession, *, actor: Actor) -> None:
    """End one session of a person's, unless it has ended already."""
    with transaction.atomic():
        if end_listed([session.session_key]):
            Event.objects.record(
                EventKind.SESSION_ENDED, actor=actor, person=session.user, detail=f"from {session.ip}"
            )


def end_other_sessions(user: User, *, kept: str, actor: Actor) -> int:
    """End all sessions of a person's except one and return how many ended.

    Args:
        user: the person.
        kept: the digest of the one that goes on.
        actor: who ends them.
    """
    with transaction.atomic():
        count = end_listed(_keys_of(user, kept=kept))
        if count:
            Event.objects.record(EventKind.SESSION_ENDED, actor=actor, person=user, detail=f"{count} others")
    return count


def end_all_sessions(user: User, *, actor: Actor) -> int:
    """End all sessions of somebody else's and return how many ended.

    Raises:
        ValidationError: when it is the actor, who would be signed out by it.
    """
    require_somebody_else(user, actor)
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        count = len(sessions_of(person))
        end_sessions_of(person)
        if count:
            detail = counted(count, "session")
            Event.objects.record(EventKind.SESSIONS_ENDED, actor=actor, person=person, detail=detail)
    return count


def require_somebody_else(user: User, actor: Actor) -> None:
    """Refuse what administrators do for others, where it is their own account.

    Raises:
        ValidationError: which says where they do it for themselves.
    """
    if actor.user == user:
        raise ValidationError(ONESELF)


def end_sessions_of(user: User) -> int:
    """End all sessions of a person's, and sign-ins that are under way, and return how many sessions ended.

    To be called inside a transaction. A sign-in that is finished at this moment began under the earlier
    session version: its session is none when it is next looked at.
    """
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
    return end_listed(_keys_of(user))


def _keys_of(user: User, kept: str = "") -> list[str]:
    rows = UserSession.objects.filter(user=user).exclude(session_key=kept)
    return list(rows.values_list("session_key", flat=True))


def end_listed(keys: list[str]) -> int:
    """End sessions by their digests, inside a transaction, and return how many there still were."""
    UserSession.objects.filter(session_key__in=keys).delete()
    ended, _ = Session.objects.filter(session_key__in=keys).delete()
    return ended
