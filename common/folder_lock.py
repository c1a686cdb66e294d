"""A lock on a folder, for one process of this machine at a time; the system ends it with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The folders that this process has locked: a second lock of its own would wait for the first.
locked: set[Path] = set()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process of this machine is alone in a folder, and be that in the block."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        locked.add(folder.resolve())
        yield
    finally:
        locked.discard(folder.resolve())
        os.close(descriptor)
