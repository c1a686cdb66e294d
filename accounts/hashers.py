"""Passwords, hashed one at a time in a process."""

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

hashing = threading.Lock()


class TooBusyError(Exception):
    """Another password is being hashed: the person may try again in a second."""


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's hasher, which lets nobody fill a worker with hashing.

    A hash takes a third of a second of a processor, on purpose. Others are refused at once instead of waiting
    for it, or a hundred guesses would keep everybody's requests waiting.

    Attributes:
        aside: lets other requests go on meanwhile; does nothing unless the server knows how.
    """

    aside: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext

    def encode(self, *arguments: Any, **options: Any) -> str:
        """Hash a password.

        Raises:
            TooBusyError: while another one is hashed.
        """
        if not hashing.acquire(blocking=False):
            raise TooBusyError
        try:
            with self.aside():
                return super().encode(*arguments, **options)
        finally:
            hashing.release()
