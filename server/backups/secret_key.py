"""The SECRET_KEY in a backup, and former ones: second factors are encrypted and sessions signed with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from common.former_keys import FormerKey, read_former_keys, replace_secret, write_former_keys
from config import env
from server.backups.errors import BackupError

NAME, FORMER_NAME = "secret_key", "secret_key_fallbacks"
ENVIRONMENT, FILE = "environment", "file"
# How long a key of SECRET_KEY_FALLBACKS, which has no time there, is accepted after a restore.
DAYS = 7


def origin() -> str:
    """Return where this installation has its SECRET_KEY."""
    return ENVIRONMENT if env.text("SECRET_KEY") else FILE


def copy_to(folder: Path) -> list[str]:
    """Write this installation's keys to new files in a folder, and return the names of the files."""
    (folder / NAME).write_text(settings.SECRET_KEY + "\n", encoding="utf-8")
    write_former_keys(folder / FORMER_NAME, former_keys())
    return [NAME, FORMER_NAME] if (folder / FORMER_NAME).exists() else [NAME]


def former_keys() -> Iterator[FormerKey]:
    """Yield the former keys of this installation."""
    kept = read_former_keys(settings.FORMER_KEYS_FILE)
    yield from kept
    until = datetime.now(UTC) + timedelta(days=DAYS)
    for key in settings.SECRET_KEY_FALLBACKS:
        if key not in [each.key for each in kept]:
            yield FormerKey(key=key, until=until)


def refuse_other(folder: Path) -> None:
    """Refuse to replace keys that were here before, or to restore what other keys in use cannot read.

    Args:
        folder: where the keys of the backup are.

    Raises:
        BackupError: which says what is in the way.
    """
    former = folder / FORMER_NAME
    if settings.FORMER_KEYS_FILE.exists() and not (
        former.exists() and former.read_bytes() == settings.FORMER_KEYS_FILE.read_bytes()
    ):
        raise BackupError(f"A restore needs an empty installation. In the way: {settings.FORMER_KEYS_FILE}")
    if (folder / NAME).read_text(encoding="utf-8").strip() == settings.SECRET_KEY:
        return
    if origin() == ENVIRONMENT:
        raise BackupError(
            "SECRET_KEY in the environment isn't the key of this backup. Set it to that key "
            f"(tar -xOf FILE {NAME}), or leave it out."
        )
    if not settings.KEY_FILE.is_draft(settings.SECRET_KEY):
        raise BackupError(
            f"A restore needs an empty installation. In the way: {settings.KEY_FILE.path}, another key than "
            "that of this backup. Move it away if no database needs it."
        )


def put_in_place(folder: Path) -> None:
    """Make the keys in a folder, on any file system, this installation's, unless the environment has one."""
    if (folder / FORMER_NAME).exists():
        replace_secret(settings.FORMER_KEYS_FILE, (folder / FORMER_NAME).read_text(encoding="utf-8"))
    if origin() == FILE:
        replace_secret(settings.KEY_FILE.path, (folder / NAME).read_text(encoding="utf-8"))


def forget_draft() -> None:
    """Remove the draft of a key that was made for nothing but this command."""
    settings.KEY_FILE.draft.unlink(missing_ok=True)
