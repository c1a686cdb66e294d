"""What a signed-in person's request does besides being answered."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User

View = Callable[[HttpRequest], HttpResponse]
ONE_MINUTE = timedelta(minutes=1)
STARTED_AT = "started_at"


class ActivityMiddleware:
    """Notes that a person is active, at most once a minute, and ends sessions that are too old.

    The same write slides the session's idle limit, so that browsing costs nothing more.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the person's activity noted."""
        if request.session.session_key is not None and isinstance(request.user, User):
            if session_is_too_old(request):
                logout(request)
            else:
                note_activity(request, request.user)
        return self.get_response(request)


def session_is_too_old(request: HttpRequest) -> bool:
    """Return whether its sign-in is longer ago than SESSION_ABSOLUTE_AGE seconds."""
    started_at: float = request.session.get(STARTED_AT, 0)
    return time.time() - started_at > settings.SESSION_ABSOLUTE_AGE


def note_activity(request: HttpRequest, user: User) -> None:
    """Write the person's last activity unless that was done within the last minute."""
    now = timezone.now()
    if now - user.last_active_at < ONE_MINUTE:
        return
    User.objects.filter(pk=user.pk).update(last_active_at=now)
    user.last_active_at = now
    request.session.modified = True
