"""An installation in a folder of its own, started as a person would: `python3 dev.py run`."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from devtools.venv import base_python
from tests.infrastructure.processes import WITHOUT_PRIVILEGES, dying_with_parent, free_port

ROOT = Path(__file__).resolve().parents[2]

# Of the tests' own environment an installation sees these alone: no settings module, no database.
KEPT_VARIABLES = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ")

NOT_COPIED = (
    ".git",
    ".venv",
    "var",
    "node_modules",
    "test-results",
    "__pycache__",
    "*.pyc",
    ".*_cache",
    ".hypothesis",
)

# The first administrator of the installations that tests start.
ADMIN = {
    "ADMIN_USERNAME": "ada",
    "ADMIN_PASSWORD": "correct horse battery staple",
    "ADMIN_EMAIL": "ada@example.org",
}

DATABASE = "gatehouse.sqlite3"
COLLECT = "from server.management.commands import serve; serve.collect_static_files_if_changed()"

CLEAN_EXITS = (0, 128 + signal.SIGINT)


class Installation:
    """A copy of the project in a new `folder` with its own database, served at `base_url` while it runs.

    `environment` is what an operator would set: ADMIN_USERNAME, ADMIN_PASSWORD, DATABASE_URL and so on.
    A `first_run` has nothing yet but the code. Others do not wait for what it does: they know their address,
    their static files are collected, and an SQLite file has tables, and nothing in them.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], *, first_run: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.environment = kept | dict(environment)
        self._log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(project_with_bytecode(), folder, symlinks=True)
        if not first_run:
            (folder / "var").mkdir(mode=0o700)
            (folder / "var" / "base_url").write_text(f"{self.base_url}\n")
            shutil.copytree(prepared() / "static", folder / "var" / "static")
            if "DATABASE_URL" not in environment:
                shutil.copy(prepared() / DATABASE, folder / "var")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.stop()
        else:
            self.kill()  # what went wrong first is what the test should show

    def start(self) -> float:
        """Starts the server and gives the seconds until it answered."""
        began = time.monotonic()
        # The Python below the tests' own: the one that the linked `.venv` was made by.
        command = [base_python(), "dev.py", "run", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*dying_with_parent("TERM"), *WITHOUT_PRIVILEGES, *command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group, as a terminal would make: Ctrl-C goes to all of it
            )
        self._wait_until_it_answers(self._process)
        return time.monotonic() - began

    def stop(self) -> None:
        """Presses Ctrl-C, and insists on a clean end within ten seconds that leaves no process behind."""
        process = self._running()
        os.killpg(process.pid, signal.SIGINT)
        try:
            status = process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"The server ignored Ctrl-C.\n{self.log_text()}") from None
        left_behind = self.kill()
        assert status in CLEAN_EXITS, f"The server ended with {status}.\n{self.log_text()}"
        assert not left_behind, f"The server left processes behind.\n{self.log_text()}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server's process, while it runs."""
        return self._running()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.process.pid

    def log_text(self) -> str:
        """Everything that this installation has printed, over all its starts."""
        return self._log.read_text() if self._log.exists() else ""

    def manage(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Runs `manage.py` on this installation, as its operator would; serving or not."""
        return subprocess.run(
            [self.folder / ".venv" / "bin" / "python", "manage.py", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "The server was never started."
        assert self._process.poll() is None, f"The server has ended by itself.\n{self.log_text()}"
        return self._process

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 90
        while process.poll() is None and time.monotonic() < deadline:
            if answers(self.base_url):
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"The server does not answer.\n{self.log_text()}")

    def kill(self) -> bool:
        """Ends whatever still runs; tells whether anything did."""
        if self._process is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return True
        return False


class NotFollowing(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer that it is: where it leads may not be reachable yet."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def answers(url: str) -> bool:
    """Whether a server is there; what it says is for the tests to judge."""
    try:
        with urllib.request.build_opener(NotFollowing).open(url, timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def copy_project(folder: Path) -> None:
    """Copies what a clone would hold, with changes not yet committed, and links the tests' `.venv`."""
    names = files_git_knows()
    if names is None:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    else:
        copy_files(names, folder)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())


@cache
def project_with_bytecode() -> Path:
    """A copy of the project that is never served, compiled once: each installation would compile it anew."""
    folder = temporary_folder() / "gatehouse"
    copy_project(folder)
    python = str(folder / ".venv" / "bin" / "python")
    subprocess.run([python, "-m", "compileall", "-q", "-x", "/tests/", str(folder)], check=True)
    return folder


@cache
def prepared() -> Path:
    """What a first run makes that is the same for all: an SQLite file with tables, and the static files."""
    installation = Installation(temporary_folder() / "gatehouse", {}, first_run=True)
    for command in (["migrate"], ["shell", "--no-imports", "-c", COLLECT]):
        done = installation.manage(*command)
        assert done.returncode == 0, done.stderr
    return installation.folder / "var"


def temporary_folder() -> Path:
    """A folder that lasts as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def files_git_knows() -> list[str] | None:
    """The files that git tracks or would offer to track; None where git is absent or this is no clone."""
    if shutil.which("git") is None:
        return None
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [name for name in done.stdout.split("\0") if name] if done.returncode == 0 else None


def copy_files(names: Iterable[str], folder: Path) -> None:
    """Copies files with the folders they are in; git still lists a file that was just deleted."""
    folder.mkdir(parents=True)
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
