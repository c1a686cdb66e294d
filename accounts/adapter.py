"""Our answers to django-allauth's questions."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):
    """People are made by administrators: nobody registers."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return that registration is closed."""
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that a mail carries: under the configured address, whatever Host was asked for."""
        uidb36, _, token = key.partition("-")
        return password_address(uidb36, token)


def password_address(uidb36: str, token: str) -> str:
    """Return the address of the page on which the bearer of a token sets a new password."""
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    return str(settings.BASE_URL) + path
