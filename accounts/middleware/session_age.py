"""How old a session may become."""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from accounts.models import ACTIVITY_INTERVAL, User
from accounts.sessions.current import SEEN_AT, STARTED_AT, session_digest, sighting
from common.best_effort import best_effort

View = Callable[[HttpRequest], HttpResponse]


class SessionAgeMiddleware:
    """Ends sessions that are too old, and slides the idle limit of the others, at most once a minute."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any) -> None:
        """Look at the session, unless the URL is for API clients: a cookie means nothing there."""
        if getattr(view, "csrf_exempt", False) or request.session.session_key is None:
            return
        end_session_if_too_old(request)
        if isinstance(request.user, User):
            self.touch(request, request.user)

    def touch(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002  # who builds on this asks
        """Slide the session: somebody was seen in it."""
        slide_session(request)


def end_session_if_too_old(request: HttpRequest) -> None:
    """Sign the person out whose sign-in is too long ago; the request says whose session that was."""
    if isinstance(request.user, User) and session_is_too_old(request):
        request.ended_session_of = request.user.pk  # type: ignore[attr-defined]
        logout(request)


def session_is_too_old(request: HttpRequest) -> bool:
    """Return whether its sign-in is longer ago than SESSION_ABSOLUTE_AGE seconds."""
    started_at: float = request.session.get(STARTED_AT, 0)
    return time.time() - started_at > settings.SESSION_ABSOLUTE_AGE


def slide_session(request: HttpRequest) -> None:
    """Write when this session was last seen, at most once a minute, which slides its idle limit."""
    now = time.time()
    if now - request.session.get(SEEN_AT, 0) < ACTIVITY_INTERVAL.total_seconds():
        return
    request.session[SEEN_AT] = now
    request.session.mark_slid()  # type: ignore[attr-defined]  # accounts.sessions.store
    with best_effort("a session's last IP address"):
        UserSession.objects.filter(session_key=session_digest(request)).update(**sighting(request))
