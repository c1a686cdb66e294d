"""That a person is active counts for their refresh tokens."""

from django.http import HttpRequest

from accounts.middleware.session_age import SessionAgeMiddleware
from accounts.models import User
from common.best_effort import best_effort
from oauthapps.services.activity import record_activity


class ActivityMiddleware(SessionAgeMiddleware):
    """Writes that a person is active, at most once a minute, beside what it does for their session."""

    def touch(self, request: HttpRequest, user: User) -> None:
        """Write the person's last activity, and slide this session."""
        with best_effort("a person's activity"):
            record_activity(user)
        super().touch(request, user)
