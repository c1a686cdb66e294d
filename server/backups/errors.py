"""What goes wrong with backups, in sentences for the operator."""

import signal
import sys
from typing import Any


class BackupError(Exception):
    """One line that says why a backup could not be made or restored."""


def clean_up_when_terminated() -> None:
    """Let SIGTERM end this process as an exception does, so that temporary files are removed."""

    def end(number: int, _frame: Any) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
