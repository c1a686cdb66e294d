"""What a backup says of itself: of which installation it is, made by which code, and what must be in it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from server.backups.errors import BackupError

NAME = "manifest.json"
PRODUCT = "Gatehouse"
# Raised when code that knows this format could not restore what is written.
FORMAT = 1
NOT_OURS = "This isn't a backup of Gatehouse, or its beginning is damaged."


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A file in a backup.

    Attributes:
        size: in bytes.
        sha256: its digest, in hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The first file of a backup.

    Attributes:
        version: of the code that made it.
        created_at: when, as ISO 8601 says it.
        database: its kind, "sqlite" or "postgresql".
        migrations: those that were applied, each as "app.name".
        base_url: the URL of the installation.
        secret_key_from: where the installation had its SECRET_KEY: "environment" or "file".
        files: what else is in the backup, by name.
    """

    version: str
    created_at: str
    database: str
    migrations: list[str]
    base_url: str
    secret_key_from: str
    files: Mapping[str, Contents]

    def as_text(self) -> str:
        """Return the manifest as it is stored."""
        described = {"product": PRODUCT, "format": FORMAT, **asdict(self)}
        return json.dumps(described, indent=1, sort_keys=True) + "\n"


def read_manifest(text: bytes) -> Manifest:
    """Return the manifest that a backup begins with.

    Raises:
        BackupError: when it is none, or of a later format.
    """
    try:
        described: dict[str, Any] = json.loads(text)
        if described.pop("product") != PRODUCT:
            raise BackupError(NOT_OURS)
        made_in = described.pop("format")
        if made_in != FORMAT:
            raise BackupError(
                f"This backup has format {made_in}, made by version {described.get('version')}: this version "
                f"reads format {FORMAT}."
            )
        files = {name: Contents(**each) for name, each in described.pop("files").items()}
        manifest = Manifest(files=files, **described)
        if not all(isinstance(name, str) for name in manifest.migrations):
            raise BackupError(NOT_OURS)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupError(NOT_OURS) from error
    return manifest


def applied_migrations() -> list[str]:
    """Return the migrations that were applied to the database, each as "app.name"."""
    return names_of(MigrationLoader(connection).applied_migrations or ())


def refuse_newer(manifest: Manifest) -> None:
    """Refuse a backup whose database has migrations that this code does not know.

    Raises:
        BackupError: which names the version that does.
    """
    unknown = sorted(set(manifest.migrations) - known_migrations())
    if unknown:
        raise BackupError(
            f"This backup was made by version {manifest.version}, which is newer than this code: it has "
            f"migrations that this code doesn't know ({', '.join(unknown[:3])}). Update the code first."
        )


def known_migrations() -> set[str]:
    """Return the migrations that this code has, and those that others of them stand for."""
    loader = MigrationLoader(None)
    replaced = [each for migration in loader.disk_migrations.values() for each in migration.replaces]
    return {*names_of(loader.disk_migrations), *names_of(replaced)}


def names_of(migrations: Iterable[tuple[str, str]]) -> list[str]:
    """Return migrations, each of an app and a name, as they are written, in order."""
    return sorted(f"{app}.{name}" for app, name in migrations)
