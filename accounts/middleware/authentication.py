"""Finding whoever is signed in, also in a session that began under a former SECRET_KEY."""

from typing import Any

from django.contrib.auth import middleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    """Django's, for which a session keeps its key when SECRET_KEY has changed.

    The original gives it another key at its first request. Its owner's list of sessions would not know that
    one, and other requests of the same browser that are under way would be signed out.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Let the request know its person once somebody asks."""
        super().process_request(request)
        found: Any = SimpleLazyObject(lambda: signed_in(request))
        request.user = found


def signed_in(request: HttpRequest) -> User | AnonymousUser:
    """Return whoever is signed in."""
    with request.session.keeping_key():  # type: ignore[attr-defined]  # accounts.sessions.store
        person: User | AnonymousUser = middleware.get_user(request)
    return person
