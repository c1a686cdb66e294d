"""The session of a request: its place on its owner's list, its id, and what was changed in it."""

import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.sessions.provider_sessions import list_provider_session
from accounts.sessions.store import digest
from audit.actors import user_agent
from audit.ip_addresses import UNKNOWN_IP, client_ip

# What it holds of itself: times, in seconds since 1970.
STARTED_AT = "started_at"
SEEN_AT = "seen_at"
CHANGED_AT = "second_factor_changed_at"
# Seconds after a change during which ending the other sessions is offered.
OFFER_SECONDS = 10 * 60


def session_digest(request: HttpRequest) -> str:
    """Return what the row of this request's session is called."""
    return digest(request.session.session_key)


def sighting(request: HttpRequest) -> dict[str, Any]:
    """Return what the list says of a session that is seen now: when, from where, and in which browser."""
    return {
        "last_seen_at": timezone.now(),
        "ip": client_ip(request.META) or UNKNOWN_IP,
        "user_agent": user_agent(request)[:200],
    }


def list_session(request: HttpRequest, user: User) -> None:
    """Put this request's session on its owner's list."""
    request.session.save()  # its row still knows the earlier password
    UserSession.objects.update_or_create(
        session_key=session_digest(request), defaults={"user": user, **sighting(request)}
    )


def renew_session(request: HttpRequest) -> None:
    """Give this request's session another key, and keep what is in it and its place on the list.

    Whoever has seen the key before cannot use what its owner has just confirmed (ASVS 7.2.4). A session that
    was ended meanwhile stays ended.
    """
    with transaction.atomic():
        rows = UserSession.objects.select_for_update(no_key=True)
        row = rows.filter(session_key=session_digest(request)).first()
        if row is None:
            request.session.flush()
            return
        request.session.cycle_key()
        row.session_key = session_digest(request)
        row.save(update_fields=["session_key"])
        list_provider_session(request, row.user)


def forget_session(request: HttpRequest) -> None:
    """Go on without the session of this request, which was ended meanwhile."""
    request.session.flush()
    request.user = AnonymousUser()


def record_factor_change(request: HttpRequest) -> None:
    """Record in the session that a second factor was added, replaced or removed in it."""
    request.session[CHANGED_AT] = time.time()


def factor_changed_recently(request: HttpRequest) -> bool:
    """Return whether a second factor was changed in this session during the last minutes."""
    return time.time() - float(request.session.get(CHANGED_AT, 0)) < OFFER_SECONDS
