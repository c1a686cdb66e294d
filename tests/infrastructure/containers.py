"""Runs an image as engines do that are asked for a read-only root and no capabilities."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.infrastructure.images import Image
from tests.infrastructure.installation import answers
from tests.infrastructure.processes import children_of, dying_with_parent

START_SECONDS = 60


class Container:
    """A server of the image at `base_url` between `with` and the end of the block: PID 1 of its own.

    Args:
        image: what it runs.
        arguments: what stands in the place of CMD.
        port: on which that serves.
        environment: as an operator would set it.
        secrets: values of the files below /run/secrets.
        log: the file of what it prints.
    """

    def __init__(
        self,
        image: Image,
        arguments: Sequence[str],
        *,
        port: int,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
        log: Path,
    ) -> None:
        self.image, self.log, self.port = image, log, port
        self.base_url = f"http://127.0.0.1:{port}"
        self._arguments = arguments
        self._environment = image.environment | dict(environment)
        self._mounts = [self._volume(path) for path in image.said["VOLUME"].words]
        self._mounts += [self._secret(name, value) for name, value in secrets.items()]

    def __enter__(self) -> Self:
        layers, words = self.image.layers, self.image.said["ENTRYPOINT"].words
        root = layers.read_only(self.image.name)
        served = [*self._as_user, *words, *self._arguments]
        command = layers.command(root, self.image.working, self._mounts, *served)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*dying_with_parent("KILL"), *command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.base_url):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()  # and with it PID 1
        self._process.wait()

    def stop(self) -> int:
        """Ask PID 1 to end as engines do; return its exit status, or -1 if that takes ten seconds."""
        os.kill(self._first, signal.Signals[self.image.said["STOPSIGNAL"].text])
        try:
            return self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return -1

    def execute(self, *command: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Run another command in the container, as its user."""
        entered = ["nsenter", f"--target={self._first}", "--mount", "--pid", "--root", "--wd"]
        return subprocess.run(
            [*entered, *self._as_user, *command],
            env=self._environment,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def manage(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Run `manage.py` there."""
        return self.execute(*self.image.said["ENTRYPOINT"].words, *arguments, input=input)

    @property
    def _first(self) -> int:
        """The process that is PID 1 in the container."""
        (first,) = children_of(self._process.pid)
        return first

    @property
    def _as_user(self) -> list[str]:
        user, group = self.image.said["USER"].text.split(":")
        identity = [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        return ["setpriv", *identity, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]

    def _volume(self, path: str) -> tuple[str, str]:
        """A new volume, which begins with what the image has in its place."""
        name = f"volumes/{self.port}{path}"
        folder = self.image.layers.folder(str(Path(name).parent))
        subprocess.run(
            ["cp", "--archive", str(self.image.path(path)), str(self.image.layers.path(name).parent)],
            check=True,
        )
        return f"{folder}/{Path(name).name}", path

    def _secret(self, name: str, value: str) -> tuple[str, str]:
        """A file that everybody in the container can read, mounted where the image has an empty one."""
        place = self.image.path(f"/run/secrets/{name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        folder = self.image.layers.folder("secrets")
        self.image.layers.path(f"secrets/{name}").write_text(value)
        return f"{folder}/{name}", f"/run/secrets/{name}"
