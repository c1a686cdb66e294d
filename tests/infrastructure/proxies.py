"""Real proxies for one test, each in a folder of its own and gone afterward."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.infrastructure.leaving_out import require
from tests.infrastructure.processes import dying_with_parent, end


class Proxy:
    """Serves between `with` and the end of the block; `package` is Debian's."""

    package: ClassVar[str]

    def __init__(self, port: int) -> None:
        require(self.package)
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix=f"gatehouse-{self.package}-"))

    def command(self) -> Sequence[str]:
        """What runs it in the foreground."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self.process, signal.SIGTERM, self._kill)
        self._remove()

    def log_text(self) -> str:
        """What it has complained about."""
        return (self.folder / "log").read_text()

    def _start(self) -> None:
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*dying_with_parent("TERM"), *self.command()],
                env={**os.environ, "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is for pytest, which then ends the server itself
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self._kill()
        raise AssertionError(f"{self.package} did not start:\n{self.log_text()}")

    def _kill(self) -> None:
        """Ends the main process and its workers, which share its group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
