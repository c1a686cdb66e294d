"""Talking to the person at the terminal, and running programs for them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Problem(Exception):  # noqa: N818 - what went wrong in the world, told to the person in one line
    """Something the person at the terminal has to know or do."""


def say(text: str) -> None:
    """Tell the person what goes on, in order with what the programs it starts say."""
    print(text, flush=True)


def attended(command: Sequence[str], folder: Path) -> int:
    """Run a program to its end; on Ctrl-C, which reaches the program too, wait until it has tidied up.

    Args:
        command: the program and its arguments.
        folder: where it runs.

    Returns:
        Its exit status.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when the program has ended.
    """
    interrupted = False

    def remember(*_: object) -> None:
        nonlocal interrupted
        interrupted = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        with subprocess.Popen(command, cwd=folder) as process:
            try:
                status = process.wait()
            except BaseException:
                process.terminate()
                raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return status
