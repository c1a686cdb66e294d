"""Keeping what must be read again unreadable at rest, under keys that follow from SECRET_KEY."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# The purposes that second factors and client secrets of identity providers are encrypted for.
SECOND_FACTORS = "second factors"
IDENTITY_PROVIDERS = "identity providers"


def cipher(purpose: str) -> MultiFernet:
    """Return this installation's cipher for one purpose; what another one wrote it refuses.

    What it wrote under a former key that is still accepted it reads.
    """
    return cipher_under([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS], purpose)


def cipher_under(secret_keys: Sequence[str], purpose: str) -> MultiFernet:
    """Return a cipher for one purpose that encrypts under the first of some secret keys, and reads all."""
    return MultiFernet([_fernet(key, purpose) for key in secret_keys])


def _fernet(secret_key: str, purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"gatehouse {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))


class UnreadableError(Exception):
    """What was kept under another SECRET_KEY than this installation has now."""
