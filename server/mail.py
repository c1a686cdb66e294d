"""Mail that nobody else waits for."""

import threading
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from server.workers.permits import aside

# So many emails may be on their way at once in a worker; a mail server that hangs must not keep all threads.
MOST_LETTERS = 8


class EmailBackend(smtp.EmailBackend):
    """Django's, which lets other requests go on while the mail server takes its time."""

    on_their_way = threading.BoundedSemaphore(MOST_LETTERS)

    def send_messages(self, messages: Sequence[EmailMessage]) -> Any:
        """Send emails and return how many were taken.

        Raises:
            TimeoutError: when too many are on their way.
            OSError, SMTPException: when the mail server does not take them.
        """
        if not self.on_their_way.acquire(blocking=False):
            raise TimeoutError("Too many emails are being sent.")
        try:
            with aside():
                return super().send_messages(messages)
        finally:
            self.on_their_way.release()
