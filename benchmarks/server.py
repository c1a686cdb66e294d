"""The server as an operator runs it, in a process of its own, on the database that is measured."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.processes import answers
from tests.infrastructure.processes import dying_with_parent

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2


class Server:
    """`manage.py serve` between `with` and the end of the block; it inherits this process's environment."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.first_answer_seconds = 0.0
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the block

    def __enter__(self) -> Self:
        began = time.monotonic()
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", str(WORKERS)]
        self.process = subprocess.Popen(
            [*dying_with_parent("TERM"), *command],
            cwd=ROOT,
            env={**os.environ, "ACCESS_LOG": "0"},
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            start_new_session=True,
        )
        while not answers(self.port, "/.well-known/oauth-authorization-server"):
            if self.process.poll() is not None:
                self.log.seek(0)
                raise RuntimeError(f"The server has ended by itself.\n{self.log.read().decode()}")
            time.sleep(0.01)
        self.first_answer_seconds = time.monotonic() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()
