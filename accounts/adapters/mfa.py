"""Our answers to django-allauth's questions about second factors."""

from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings

from accounts.models import User
from accounts.security.ciphers import SECOND_FACTORS, UnreadableError, cipher
from accounts.services.passkeys import unique_name


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts what codes are worked out from, and names this installation after its host."""

    def encrypt(self, text: str) -> str:
        """Return the text as it is stored."""
        return cipher(SECOND_FACTORS).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text that was stored.

        Raises:
            UnreadableError: when SECRET_KEY is not the one it was stored under.
        """
        try:
            return cipher(SECOND_FACTORS).decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise UnreadableError from error

    def get_totp_issuer(self) -> str:
        """Return how an authenticator app names this installation."""
        return f"{settings.PRODUCT_NAME} ({urlsplit(settings.BASE_URL).hostname})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return what passkeys are bound to: the configured host, whatever Host was asked for."""
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": settings.PRODUCT_NAME}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        """Return a name for a passkey whose owner gave none."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return unique_name(user, f"Passkey {count + 1}")
