"""Our answers to django-allauth's questions."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.throttling import must_wait


class AccountAdapter(DefaultAccountAdapter):
    """People are made by administrators: nobody registers."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return that registration is closed."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether an address to go on to is one of ours; what is no address is none of ours."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that a mail carries: under the configured address, whatever Host was asked for."""
        return password_address(key)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse an attempt that comes after too many failures.

        Raises:
            ValidationError: which the sign-in page shows.
        """
        super().pre_authenticate(request, **credentials)
        login = credentials.get("email") or credentials.get("username") or ""
        if must_wait(login, self.get_client_ip(request)):
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # By the login alone, a stranger could keep a victim out by failing in their name; by the Host header,
        # which the original adds, everybody could begin to count anew.
        login = credentials.get("email") or credentials.get("username") or ""
        return f"{self.get_client_ip(request)} {login.lower()}"


def password_address(key: str) -> str:
    """Return the address of the page on which the bearer of a key sets a new password."""
    return f"{settings.BASE_URL}{reverse('set-password')}?{urlencode({'key': key})}"
