"""The file that a backup is: a tar archive, which begins with its manifest and may go through a pipe."""

import hashlib
import io
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, BinaryIO

from server.backups.errors import BackupError
from server.backups.manifest import NAME, NOT_OURS, Contents, Manifest, read_manifest

PIECE = 1024 * 1024
# A manifest has some hundred lines.
LARGEST_MANIFEST = 1024 * 1024
NOT_WHOLE = "This backup isn't whole: it ends too early, or part of it was changed."


def contents_of(file: Path) -> Contents:
    """Return size and digest of a file."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
    return Contents(size=file.stat().st_size, sha256=digest.hexdigest())


def write(target: BinaryIO, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write a backup to a file or pipe.

    Args:
        target: where to, at its present position.
        manifest: what the backup says of itself; it names `files`.
        files: the files by their name in the backup.

    Raises:
        OSError: when it cannot be written.
    """
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        text = manifest.as_text().encode()
        tar.addfile(member(NAME, len(text)), io.BytesIO(text))
        for name, file in files.items():
            with file.open("rb") as opened:
                tar.addfile(member(name, manifest.files[name].size), opened)


def member(name: str, size: int) -> tarfile.TarInfo:
    """Return the header of a file in the archive, its owner's alone when somebody extracts it with tar."""
    header = tarfile.TarInfo(name)
    header.size, header.mode, header.mtime = size, 0o600, int(time.time())
    return header


class Reader:
    """Reads a backup from its beginning, so that it may come through a pipe.

    Attributes:
        manifest: what it says of itself.
    """

    def __init__(self, source: BinaryIO) -> None:
        """Read the manifest.

        Raises:
            BackupError: when this is no backup.
        """
        try:
            self.tar = tarfile.open(fileobj=source, mode="r|")  # noqa: SIM115  # nothing of it stays open
            first = self.tar.next()
            if first is None or first.name != NAME or first.size > LARGEST_MANIFEST:
                raise BackupError(NOT_OURS)
            self.manifest = read_manifest(self._opened(first).read())
        except tarfile.TarError as error:
            raise BackupError(NOT_OURS) from error

    def extract(self, folder: Path) -> None:
        """Write the files that the manifest names into a folder, each under its name there.

        Raises:
            BackupError: when one is missing or not as the manifest says, or there is another one.
            OSError: when they cannot be written.
        """
        missing = dict(self.manifest.files)
        try:
            while header := self.tar.next():
                expected = missing.pop(header.name, None)
                if expected is None or expected.size != header.size or "/" in header.name:
                    raise BackupError(NOT_WHOLE)
                self._copy(header, expected, folder / header.name)
        except tarfile.TarError as error:
            raise BackupError(NOT_WHOLE) from error
        if missing:
            raise BackupError(NOT_WHOLE)

    def _copy(self, header: tarfile.TarInfo, expected: Contents, target: Path) -> None:
        digest, opened = hashlib.sha256(), self._opened(header)
        with target.open("xb") as written:
            while piece := opened.read(PIECE):
                digest.update(piece)
                written.write(piece)
        if digest.hexdigest() != expected.sha256:
            raise BackupError(NOT_WHOLE)

    def _opened(self, header: tarfile.TarInfo) -> IO[bytes]:
        opened = self.tar.extractfile(header) if header.isreg() else None
        if opened is None:
            raise BackupError(NOT_WHOLE)
        return opened
