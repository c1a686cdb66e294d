"""Comparing a password, once, whoever signs in, and finding whoever is signed in.

Sessions name the backend by its path: elsewhere it would sign everybody out.
"""

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.security.logins import login_in
from accounts.services.password_rule import may_use_password, with_password_rule
from accounts.services.second_factor_rule import with_second_factor_rule


class PasswordBackend(AuthenticationBackend):
    """django-allauth's backend with one way to find a person.

    The original tries a username as an email address, and an email address twice. Each try hashes a password,
    so that the time would tell which email addresses belong to somebody. People who may not
    use a password get the same answer as to a wrong one, after the same time.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: str) -> User | None:  # noqa: ARG002
        login = login_in(credentials)
        people = with_password_rule(User.objects.whose_login(login))
        person = people.first() if "\0" not in login else None
        checked: User | None = self._check_password(person, credentials.get("password") or "")
        if person is None or may_use_password(person):
            return checked
        self.unstash_authenticated_user()  # or the page for inactive people would reveal that it was correct
        return None

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session, annotated with the sign-in rules that apply to them."""
        people = with_password_rule(with_second_factor_rule(User.objects.all()))
        person = people.filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
