"""Servers that are started again when they end, as systemd does, and what seeds their database."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from benchmarks.processes import answers
from benchmarks.server import ROOT, WORKERS
from tests.infrastructure.processes import (
    WITHOUT_PRIVILEGES,
    children_of,
    dying_with_parent,
    free_port,
)

# systemd's RestartSec where a unit names none.
RESTART_SECONDS = 0.1
STOP_SECONDS = 20


def environment(database_url: str, port: int) -> dict[str, str]:
    """Return the environment of an installation."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": "faults-faults-faults-faults-faults-0123456789",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ACCESS_LOG": "0",
    }


def seed(database_url: str) -> dict[str, str]:
    """Make tables and rows; return what clients must know."""
    command = [sys.executable, "-m", "benchmarks.faults.seeding"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(database_url, 8000), check=True, stdout=subprocess.PIPE, text=True
    )
    made: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return made


class Supervised:
    """`manage.py serve` between `with` and the end of the block, started again whenever it ends.

    Args:
        database_url: its database.
        port: where it listens.
        more: more of its environment.
    """

    def __init__(self, database_url: str, port: int = 0, more: Mapping[str, str] | None = None) -> None:
        self.port = port or free_port()
        self.environment = environment(database_url, self.port) | dict(more or {})
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the block
        self.wanted, self.starts = threading.Event(), 0
        self.keeper = threading.Thread(target=self.keep, daemon=True)

    def __enter__(self) -> Self:
        self.wanted.set()
        self.keeper.start()
        self.wait_until_it_answers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wanted.clear()
        self.process.terminate()
        self.keeper.join(STOP_SECONDS)
        self.kill()
        self.log.close()

    def keep(self) -> None:
        """Start it, and start it again."""
        while self.wanted.is_set():
            self.start()
            self.process.wait()
            time.sleep(RESTART_SECONDS)

    def start(self) -> None:
        """Start it once."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", str(WORKERS)]
        self.process = subprocess.Popen(
            [*dying_with_parent("TERM"), *WITHOUT_PRIVILEGES, *command],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.starts += 1

    def wait_until_it_answers(self) -> None:
        """Wait until `/readyz` says 200.

        Raises:
            RuntimeError: when that takes a minute.
        """
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if answers(self.port, "/readyz"):
                return
            time.sleep(0.02)
        raise RuntimeError(f"The server does not answer.\n{self.said()}")

    def said(self) -> str:
        """Return what it has written."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return children_of(self.process.pid)

    def kill(self) -> None:
        """End all of its processes at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
