"""Processes that tests talk with: a value in a line of JSON, both ways."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import Any, Self

from tests.infrastructure.processes import dying_with_parent

# How long a process may take in all.
SECONDS = 60


class Conversation:
    """A process that runs during the `with` block, at most so many seconds."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.command = [*dying_with_parent("KILL"), *command]
        self.folder = folder
        self.environment = environment
        self.seconds = seconds

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.alarm = Timer(self.seconds, self.process.kill)
        self.alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.alarm.cancel()
        self.process.kill()
        self.process.communicate()

    def ask(self, told: Any) -> dict[str, Any]:
        """Tell the process something and return what it prints next."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"The process has ended:\n{self.process.communicate()[1]}")
        answer: dict[str, Any] = json.loads(line)
        return answer
