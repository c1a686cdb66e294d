"""A disk that can be filled."""

import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.infrastructure.processes import dying_with_parent


class ImpossibleHereError(Exception):
    """Something cannot be tried on this machine; the message says why."""


class SmallDisk:
    """A file system of a few MiB.

    Args:
        mebibytes: how many.
        user: whose it is, if not ours.
        through_proc: whether it may be in a namespace of its own, which needs no privileges. Programs reach
            it there through `/proc`, unless they follow links by themselves, as SQLite does.

    Attributes:
        folder: where it is reached.
    """

    def __init__(self, mebibytes: int, user: str | None = None, *, through_proc: bool = False) -> None:
        self.size, self.user, self.through_proc = f"size={mebibytes}m", user, through_proc
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self.through_proc:
            self._mount_apart()
        else:
            self._mount()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
            self.folder.rmdir()
            return
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

    def _mount(self) -> None:
        if os.geteuid() != 0:
            raise ImpossibleHereError("needs root, to mount a small file system")
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-disk-"))
        mount = ["mount", "-t", "tmpfs", "-o", self.size, "tmpfs", str(self.folder)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            self.folder.rmdir()
            raise ImpossibleHereError("needs the right to mount a small file system")

    def _mount_apart(self) -> None:
        mount = f"mount -t tmpfs -o {self.size} tmpfs /mnt && echo there && exec sleep infinity"
        command = [*dying_with_parent("KILL", user=self.user), "unshare", "-Urm", "sh", "-c", mount]
        self.process = subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"there\n":
            self.process.wait()
            raise ImpossibleHereError("needs user namespaces, to mount a small file system")
        self.folder = Path("/proc", str(self.process.pid), "root", "mnt")

    def _run(self, command: str, *, expected: int) -> None:
        as_user = dying_with_parent("KILL", user=self.user)
        done = subprocess.run(
            [*as_user, "sh", "-c", f"cd {self.folder} && {command}"], capture_output=True, check=False
        )
        assert done.returncode == expected, done.stderr
