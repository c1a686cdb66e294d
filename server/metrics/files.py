"""Where workers count: files that each maps into its memory, so that any of them can add all of them up.

A worker has a number, and whoever replaces it goes on in the same files: a sum that fell when a worker died
would look to Prometheus like a restart, with everything counted again. The files are allocated whole, since
writing to a page for which the disk has no room left would end the process.
"""

import logging
import os
import shutil
from pathlib import Path

from django.conf import settings

# Bytes: by the sets of labels, a worker cannot come to half of it.
SIZES = {"counter": 1 << 17, "histogram": 1 << 20, "gauge_sum": 1 << 16}
# Where the library looks for the files.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

log = logging.getLogger("gatehouse.server")


def prepare(port: int, workers: int) -> Path | None:
    """Make the files of a server's workers, anew, and return their folder.

    Args:
        port: the server's; several servers may share `var/`.
        workers: how many.

    Returns:
        None where metrics are off, or there is no room for them, which the log says.
    """
    if not settings.METRICS:
        return None
    folder: Path = settings.VAR_DIR / "metrics" / str(port)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for number in range(1, workers + 1):
            for kind, size in SIZES.items():
                allocate(folder / f"{kind}_{number}.db", size)
    except OSError as error:
        log.warning("Metrics are off: %s", error)
        return None
    return folder


def allocate(file: Path, size: int) -> None:
    """Make a file of so many zero bytes for which there is room."""
    with file.open("xb") as made:
        os.posix_fallocate(made.fileno(), 0, size)


def folder_in_use() -> str | None:
    """Return where this process counts; None where it does not."""
    return os.environ.get(VARIABLE)
