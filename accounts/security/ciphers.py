"""Keeping what must be read again unreadable at rest, under keys that follow from SECRET_KEY."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def cipher(purpose: str) -> Fernet:
    """Return this installation's cipher for one purpose; what another one wrote it refuses."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"gatehouse {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))


class UnreadableError(Exception):
    """What was kept under another SECRET_KEY than this installation has now."""
