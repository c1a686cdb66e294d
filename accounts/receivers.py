"""The sign-in log. Signing in happens in code that is not ours, so this listens to its signals."""

import time
from typing import Any

from allauth.account.signals import password_changed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actors import Actor
from accounts.middleware import SEEN_AT, STARTED_AT
from accounts.models import User
from oauthapps.models import Event
from oauthapps.models.events import EventKind


@receiver(user_logged_in)
def note_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody signed in, and from when their session counts."""
    request.session[STARTED_AT] = request.session[SEEN_AT] = time.time()
    record_about(EventKind.SIGNED_IN, request, user)


@receiver(user_logged_out)
def note_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody signed out."""
    if user is not None:
        record_about(EventKind.SIGNED_OUT, request, user)


@receiver(user_login_failed)
def note_failed_sign_in(
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> None:
    """Record that somebody failed to sign in, under a name only if it is one of ours.

    What else was typed into the name field may be a password, so it is not kept.
    """
    if request is None:
        return
    login = str(credentials.get("username") or credentials.get("email") or "")
    record_about(EventKind.SIGN_IN_FAILED, request, User.objects.with_login(login))


@receiver(password_changed)
def note_password_change(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody changed their password."""
    record_about(EventKind.PASSWORD_CHANGED, request, user)


def record_about(kind: EventKind, request: HttpRequest, person: User | None) -> None:
    """Record an event of the sign-in log."""
    Event.objects.record(kind, actor=Actor.of(request), person=person)
