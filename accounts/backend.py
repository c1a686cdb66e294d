"""Comparing a password, once, whoever signs in, and finding whoever is signed in.

Sessions name the backend by its path: elsewhere it would sign everybody out.
"""

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.security.logins import login_in
from accounts.services.second_factor_rule import with_second_factor_rule


class PasswordBackend(AuthenticationBackend):
    """django-allauth's backend with one way to find a person.

    The original tries a username as an email address, and an email address twice. Each try hashes a password,
    so that the time would tell which email addresses belong to somebody.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: str) -> User | None:  # noqa: ARG002
        login = login_in(credentials)
        person = User.objects.with_login(login) if "\0" not in login else None
        checked: User | None = self._check_password(person, credentials.get("password") or "")
        return checked

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session, who knows whether they lack a second factor that is required."""
        person = with_second_factor_rule(User.objects.all()).filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
