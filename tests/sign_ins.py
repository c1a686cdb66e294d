"""Sign-ins of just now, without the page, and of long ago, for tests of what asks for a new one."""

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sessions.store import digest
from tests.console.pages import Browser


def sign_in_now(client: Client, person: User) -> None:
    """Sign somebody in as the page does for whoever gives the right password."""
    client.force_login(person)
    note_password(client, person)
    UserSession.objects.create(
        user=person,
        session_key=digest(client.session.session_key),
        ip="127.0.0.1",
        user_agent="",
        last_seen_at=timezone.now(),
    )


def note_password(client: Client, person: User) -> None:
    """Make the session one whose password was given just now, as signing in with the form does."""
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, method="password")
    request.session.save()


def age_sign_in(browser: Browser, *, minutes: float) -> None:
    """Make a browser's last proof of who uses it so many minutes older."""
    session = browser.client.session
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record | {"at": record["at"] - minutes * 60} for record in records
    ]
    session.save()
