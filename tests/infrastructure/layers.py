"""A machine laid over this one: programs in it change what they like, and this one stays as it is."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.infrastructure.leaving_out import leave_out
from tests.infrastructure.processes import dying_with_parent

HOLD = 'mount -t tmpfs -o mode=755 tmpfs "$1" && echo ready && exec sleep infinity'

# Its arguments: the root, the options of the overlay that it is, where the command begins, pairs of SOURCE
# and TARGET, `--`, and the command.
ENTER = """
set -e
root=$1 options=$2 folder=$3; shift 3
mount -t overlay overlay -o "$options" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
if [ -f /etc/resolv.conf ]; then mount --bind /etc/resolv.conf "$root/etc/resolv.conf"; fi
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done; shift
exec chroot "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
"""


class Layers:
    """A file system in memory, between `with Layers(folder)` and the end of the block.

    Only this object and the programs that `command` starts see what is in it.
    """

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            leave_out("needs root, who may mount file systems")
        folder.mkdir()
        self._folder = folder

    def __enter__(self) -> Self:
        hold = ["unshare", "--mount", "sh", "-c", HOLD, "sh", str(self._folder)]
        self._holder = subprocess.Popen(
            [*dying_with_parent("KILL"), *hold],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._holder.stdout
        first = self._holder.stdout.readline()
        if first != "ready\n":
            self._end()
            leave_out(f"needs a machine on which root may mount file systems: {first}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._holder.kill()
        self._holder.communicate()

    def path(self, name: str) -> Path:
        """Where the tests find a file or folder."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}/{name}")

    def folder(self, name: str) -> str:
        """Make a folder where there is none; return where it is for mounts."""
        self.path(name).mkdir(parents=True, exist_ok=True)
        return f"{self._folder}/{name}"

    def writable(self, name: str) -> str:
        """The options of an overlay that keeps in the folder `name` what is changed of this machine."""
        return f"lowerdir=/,upperdir={self.folder(name)},workdir={self.folder(f'{name}.work')}"

    def read_only(self, name: str) -> str:
        """The options of an overlay of this machine that has what is in the folder `name`, for good."""
        return f"lowerdir={self.folder(name)}:/"

    def command(
        self, options: str, working: str, mounts: Iterable[tuple[str, str]], *command: str
    ) -> list[str]:
        """What runs a command as PID 1 of a machine with these overlay options and mounts."""
        shared = ["nsenter", "--mount", f"--target={self._holder.pid}"]
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        more = [part for mount in mounts for part in mount]
        arguments = [self.folder("root"), options, working, *more, "--", *command]
        return [*shared, *own, "sh", "-c", ENTER, "sh", *arguments]
