"""The file of a secret key that was generated, and the one it stands in until it is known to be wanted."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


class KeyFile:
    """A key at `path`, or a draft of one beside it.

    A new key is wanted by a new installation alone; anywhere else it makes unreadable what was stored under
    the one that is missing. Settings are read before the database can be asked which of the two it is. So
    the key is a draft until somebody has asked, and then kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.draft = path.with_name(f"{path.name}.draft")

    def read(self) -> str:
        """Return the key, or the draft, which is made where there is neither; its owner alone can read it.

        Processes that start at once get the same key, also while one of them keeps it.
        """
        if not self.path.exists():
            if not self.draft.exists():
                make_secret(self.draft)
            with contextlib.suppress(FileNotFoundError):
                drafted = self.draft.read_text(encoding="ascii").strip()
                if not self.path.exists():
                    return drafted
        return self.path.read_text(encoding="ascii").strip()

    def is_draft(self, key: str) -> bool:
        """Return whether a key is the draft."""
        if self.path.exists() or not self.draft.exists():
            return False
        return self.draft.read_text(encoding="ascii").strip() == key

    def keep(self) -> None:
        """Make the draft the key; of two processes at once, one is heard."""
        with contextlib.suppress(FileNotFoundError):
            self.draft.rename(self.path)


def make_secret(file: Path) -> None:
    """Write a new secret to `file`, whole or not at all; of two processes at once, one is heard."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="ascii") as draft:  # made with mode 0600
        draft.write(secrets.token_urlsafe(48) + "\n")
        draft.flush()
        with contextlib.suppress(FileExistsError):
            os.link(draft.name, file)
