"""Passwords, hashed one at a time in a process."""

import threading
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

hashing = threading.Lock()


class TooBusyError(Exception):
    """Another password is being hashed: the person may try again in a second."""


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's hasher, which lets nobody fill a worker with hashing.

    A hash takes a third of a second of a processor, on purpose. Others are refused at once instead of waiting
    for it, or a hundred guesses would keep everybody's requests waiting.
    """

    def encode(self, *arguments: Any, **options: Any) -> str:
        """Hash a password.

        Raises:
            TooBusyError: while another one is hashed.
        """
        if not hashing.acquire(blocking=False):
            raise TooBusyError
        try:
            return super().encode(*arguments, **options)
        finally:
            hashing.release()
