"""A disk that can be filled."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.infrastructure.processes import dying_with_parent


class ImpossibleHereError(Exception):
    """Something cannot be tried on this machine; the message says why."""


class SmallDisk:
    """A file system of a few MiB in a namespace of its own, which needs no privileges.

    Args:
        mebibytes: how many.
        user: whose it is, if not ours.

    Attributes:
        folder: where others than the namespace see it.
    """

    def __init__(self, mebibytes: int, user: str | None = None) -> None:
        self.mebibytes, self.user = mebibytes, user

    def __enter__(self) -> Self:
        mount = f"mount -t tmpfs -o size={self.mebibytes}m tmpfs /mnt && echo there && exec sleep infinity"
        self.process = subprocess.Popen(
            [*dying_with_parent("KILL", user=self.user), "unshare", "-Urm", "sh", "-c", mount],
            cwd="/",
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"there\n":
            self.process.wait()
            raise ImpossibleHereError("no file system of one's own can be mounted")
        self.folder = Path(f"/proc/{self.process.pid}/root/mnt")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()

    def fill(self) -> None:
        """Leaves no room."""
        self._run("cat /dev/zero >> filler", expected=1)

    def empty(self) -> None:
        """Makes room again."""
        self._run("rm filler", expected=0)

    def _run(self, command: str, *, expected: int) -> None:
        as_user = dying_with_parent("KILL", user=self.user)
        done = subprocess.run(
            [*as_user, "sh", "-c", f"cd {self.folder} && {command}"], capture_output=True, check=False
        )
        assert done.returncode == expected, done.stderr
