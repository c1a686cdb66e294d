"""The file of former secret keys: each is good until a time that stands beside it."""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FormerKey:
    """A secret key that was replaced.

    Attributes:
        key: the key.
        until: when what was signed with it is no longer accepted, in UTC.
    """

    key: str = field(repr=False)
    until: datetime

    def as_line(self) -> str:
        """Return how it stands in a file."""
        return f"{self.until.isoformat(timespec='seconds')} {self.key}\n"


def read_former_keys(file: Path) -> list[FormerKey]:
    """Return the keys of a file, the latest first; none where there is no file.

    Raises:
        ValueError: when it has anything else in it.
    """
    if not file.exists():
        return []
    lines = [line.partition(" ") for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [FormerKey(key=key.strip(), until=datetime.fromisoformat(until)) for until, _, key in lines]


def write_former_keys(file: Path, keys: Iterable[FormerKey]) -> None:
    """Replace a file of former keys, or remove it where there are none left."""
    lines = "".join(key.as_line() for key in keys)
    if lines:
        replace_secret(file, lines)
    else:
        file.unlink(missing_ok=True)


def replace_secret(file: Path, text: str) -> None:
    """Replace a file that only its owner can read, whole or not at all, also where the power fails."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
