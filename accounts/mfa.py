"""Keeping second factors unreadable at rest."""

import base64

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts what codes are worked out from, under a key from SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        """Return the text as it is stored."""
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text that was stored.

        Raises:
            InvalidToken: when SECRET_KEY is not the one it was stored under.
        """
        return cipher().decrypt(encrypted_text.encode()).decode()


def cipher() -> Fernet:
    """Return the cipher of this installation."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatehouse second factors")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
