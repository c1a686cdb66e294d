"""A real PostgreSQL server for one run of the tests, private to it and gone afterward."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from benchmarks.processes import with_descendants
from tests.infrastructure.leaving_out import require
from tests.infrastructure.processes import dying_with_parent, end, free_port

DEBIAN = Path("/usr/lib/postgresql")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
}
# Nobody needs a test's data after a crash.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """Runs between `with PostgresServer() as server:` and the end of the block; `server.url` leads to it.

    `settings` are PostgreSQL's own, on top of those that every server here has. `data` is where it keeps its
    data, if not in a temporary folder. It begins with nothing, or with a copy of the data of one that has
    stopped.
    """

    def __init__(
        self, settings: Mapping[str, str] = FORGETFUL, data: Path | None = None, copied: Path | None = None
    ) -> None:
        require("postgresql")
        self.settings = {**SETTINGS, **settings}
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.user = user_of_servers()
        self.folder = folder_of(self.user)
        self.data = data or self.folder / "data"
        self.copied = copied

    def __enter__(self) -> Self:
        try:
            self._initialize()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # SIGQUIT is PostgreSQL's immediate shutdown.
        end(self.process, signal.SIGQUIT, self.process.kill)
        self._remove()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def stop(self) -> None:
        """Ends it so that its data can be copied."""
        end(self.process, signal.SIGINT, self.process.kill)

    def kill(self) -> None:
        """Ends all of its processes as a power cut would."""
        self.send(signal.SIGKILL)
        self.process.wait(timeout=10)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to all of its processes."""
        for pid in with_descendants(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _initialize(self) -> None:
        run_as = dying_with_parent("QUIT", user=self.user)
        initdb = [str(programs() / "initdb"), f"--pgdata={self.data}", "--username=postgres", "--auth=trust"]
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        made = ["cp", "-a", str(self.copied), str(self.data)] if self.copied else [*initdb, *options]
        subprocess.run([*run_as, *made], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Starts it, for the first time or again, on the same data."""
        run_as = dying_with_parent("QUIT", user=self.user)
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        postgres = [str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*run_as, *postgres],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is for pytest, which then ends the server itself
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        self.process.kill()
        self.process.wait()
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def user_of_servers() -> str | None:
    """The user who runs servers, if not ours: PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def programs() -> Path:
    """The folder with the newest PostgreSQL server's programs."""
    versions = [folder for folder in DEBIAN.glob("*/bin") if (folder / "postgres").exists()]
    return max(versions, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name)))


def folder_of(user: str | None) -> Path:
    """A new temporary folder for a server that runs as this user."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-postgres-", dir=folder_open_to(user)))
    if user:
        shutil.chown(folder, user, user)
    return folder


def folder_open_to(user: str | None) -> Path:
    """Where a temporary folder can be reached by that user: root's own TMPDIR may be closed to others."""
    usual = Path(tempfile.gettempdir()).resolve()
    if user is None or all(folder.stat().st_mode & 0o001 for folder in (usual, *usual.parents)):
        return usual
    return Path(pwd.getpwnam(user).pw_dir)
