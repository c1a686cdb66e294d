"""The SECRET_KEY in a backup: second factors are encrypted and sessions signed with it."""

from pathlib import Path

from django.conf import settings

from config import env
from server.backups.errors import BackupError

NAME = "secret_key"
ENVIRONMENT, FILE = "environment", "file"


def origin() -> str:
    """Return where this installation has its SECRET_KEY."""
    return ENVIRONMENT if env.text("SECRET_KEY") else FILE


def copy_to(file: Path) -> None:
    """Write this installation's key to a new file."""
    file.write_text(settings.SECRET_KEY + "\n", encoding="utf-8")


def refuse_other(file: Path) -> None:
    """Refuse to replace a key that was here before, or to restore what another key in use cannot read.

    Args:
        file: the key of the backup.

    Raises:
        BackupError: which says what is in the way.
    """
    if file.read_text(encoding="utf-8").strip() == settings.SECRET_KEY:
        return
    if origin() == ENVIRONMENT:
        raise BackupError(
            "SECRET_KEY in the environment isn't the key of this backup. Set it to that key "
            f"(tar -xOf FILE {NAME}), or leave it out."
        )
    if not settings.KEY_FILE.is_draft(settings.SECRET_KEY):
        raise BackupError(
            f"A restore needs an empty installation. In the way: {settings.VAR_DIR / NAME}, another key than "
            "that of this backup. Move it away if no database needs it."
        )


def put_in_place(file: Path) -> None:
    """Make a key, on any file system, this installation's, unless the environment has it."""
    if origin() == FILE:
        draft = settings.VAR_DIR / f".{NAME}.restored"
        draft.write_bytes(file.read_bytes())  # under manage.py's umask: the owner's alone
        draft.replace(settings.VAR_DIR / NAME)


def forget_draft() -> None:
    """Remove the draft of a key that was made for nothing but this command."""
    settings.KEY_FILE.draft.unlink(missing_ok=True)
