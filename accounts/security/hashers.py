"""Passwords, hashed one at a time in a process."""

import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

hashing = threading.Lock()
# Besides the one that is hashed so many may wait for so many seconds: people who sign in at the same time.
MOST_AT_ONCE = 4
PATIENCE_SECONDS = 1
at_once = threading.BoundedSemaphore(MOST_AT_ONCE)


class TooBusyError(Exception):
    """Other passwords are being hashed: the person may try again in a second."""


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's hasher, which lets nobody fill a worker with hashing.

    A hash takes a third of a second of a processor, on purpose. A few others wait a moment for it, the rest
    are refused, or a hundred guesses would keep everybody's requests waiting.

    Attributes:
        aside: lets other requests go on meanwhile; does nothing unless the server knows how.
    """

    aside: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext

    def encode(self, *arguments: Any, **options: Any) -> str:
        """Hash a password.

        Raises:
            TooBusyError: while others are hashed.
        """
        if not at_once.acquire(blocking=False):
            raise TooBusyError
        try:
            with self.aside():
                return self.encode_next(*arguments, **options)
        finally:
            at_once.release()

    def encode_next(self, *arguments: Any, **options: Any) -> str:
        """Hash a password when it is this one's turn."""
        if not hashing.acquire(timeout=PATIENCE_SECONDS):
            raise TooBusyError
        try:
            return super().encode(*arguments, **options)
        finally:
            hashing.release()
