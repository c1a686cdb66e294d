"""What a server is not started with, and what a command does not work on."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from accounts.management.schema import keep_secret_key, read_schema
from common.key_file import KeyFile
from server.management.commands.serve import migrate_if_needed
from server.unsafe_settings import unsafe_settings
from tests.factories import UserFactory

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

UNSAFE = [
    ("DEBUG", True, "DEBUG is on"),
    ("ALLOWED_HOSTS", ["gatehouse.example", "*"], r"ALLOWED_HOSTS has \*,"),
    ("ALLOWED_HOSTS", [".example"], r"ALLOWED_HOSTS has \.example,"),
    ("SECRET_KEY", "short", "SECRET_KEY must have 32 characters"),
    ("SECRET_KEY", "django-insecure-0123456789abcdef0123", "SECRET_KEY must be a random value"),
    ("BASE_URL", "http://gatehouse.example", "BASE_URL uses plain http"),
]


@pytest.mark.spec("O-60", "ASVS 13.4.2; Django deployment checklist")
@pytest.mark.parametrize(("name", "value", "words"), UNSAFE)
def test_settings_of_another_module_are_refused_by_every_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: object, words: str
) -> None:
    monkeypatch.delenv("ALLOW_HTTP")
    settings.BASE_URL = "https://gatehouse.example"
    assert unsafe_settings() == []
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=words):
        call_command("serve")
    with pytest.raises(ImproperlyConfigured, match=words):
        runpy.run_module("config.wsgi")


@pytest.mark.spec("O-60", "ASVS 13.4.2")
def test_plain_http_is_allowed_on_this_machine_and_where_it_is_asked_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALLOW_HTTP")
    settings.BASE_URL = "http://localhost:8000"
    assert unsafe_settings() == []
    monkeypatch.setenv("ALLOW_HTTP", "1")
    settings.BASE_URL = "http://gatehouse.example"
    assert unsafe_settings() == []


@pytest.fixture
def drafted(settings: Settings, tmp_path: Path) -> KeyFile:
    """The key of an installation that was given none and has kept none."""
    file = KeyFile(tmp_path / "secret_key")
    settings.KEY_FILE, settings.SECRET_KEY = file, file.read()
    return file


@pytest.mark.spec("O-61", "ASVS 13.3.1")
def test_a_new_installation_keeps_the_key_that_was_made_for_it(db: None, drafted: KeyFile) -> None:
    key = drafted.read()
    keep_secret_key()
    assert drafted.path.read_text().strip() == key == drafted.read()
    assert not drafted.draft.exists()
    UserFactory.create()
    keep_secret_key()


@pytest.mark.spec("O-61", "ASVS 13.3.1")
def test_no_key_is_made_for_a_database_that_was_used_with_another(db: None, drafted: KeyFile) -> None:
    UserFactory.create()
    for _ in range(2):
        with pytest.raises(CommandError, match="There is no secret key, and the database is in use"):
            call_command("organization")
    assert not drafted.path.exists()


@pytest.mark.spec("O-61", "ASVS 13.3.1")
def test_a_key_that_was_given_is_nobodys_draft(db: None, drafted: KeyFile, settings: Settings) -> None:
    UserFactory.create()
    settings.SECRET_KEY = "a-key-that-was-given-0123456789abcdef"
    keep_secret_key()
    assert not drafted.path.exists()


@pytest.mark.spec("O-61", "ASVS 13.3.1, 15.4.2")
def test_of_processes_that_start_at_once_all_have_the_key_that_is_kept(tmp_path: Path) -> None:
    """One has read the settings before the other keeps the key, the next while it does."""
    first, second = KeyFile(tmp_path / "secret_key"), KeyFile(tmp_path / "secret_key")
    key = first.read()
    assert second.read() == key
    first.keep()
    second.keep()
    assert second.read() == KeyFile(tmp_path / "secret_key").read() == key


def applied(app: str, name: str) -> None:
    """Have the database say that a migration was applied."""
    MigrationRecorder(connection).record_applied(app, name)


def newest_of_audit() -> str:
    return max(name for app, name in MigrationRecorder(connection).applied_migrations() if app == "audit")


@pytest.mark.spec("O-63", "operation")
def test_a_database_that_a_newer_version_has_migrated_is_refused(db: None) -> None:
    applied("oauthapps", "9999_what_comes_next")
    words = r"migrated by a newer version \(oauthapps\.9999_what_comes_next\): start that version"
    with pytest.raises(CommandError, match=words):
        migrate_if_needed(allowed=True)
    for command in (["organization"], ["prune"]):
        with pytest.raises(CommandError, match=words):
            call_command(*command)


@pytest.mark.spec("O-63", "operation")
def test_migrations_that_were_squashed_or_went_with_their_app_are_not_newer(db: None) -> None:
    applied("oauthapps", "0001_before_it_was_squashed")
    applied("an_app_that_is_gone", "9999_last")
    assert read_schema().newer == []
    newest = newest_of_audit()
    applied("audit", f"{newest[:4]}_of_another_branch")
    assert read_schema().newer == [f"audit.{newest[:4]}_of_another_branch"]


@pytest.mark.spec("O-62", "operation")
def test_a_server_that_may_not_migrate_does_not_start_without_migrations(db: None) -> None:
    assert read_schema().missing == []
    newest = newest_of_audit()
    MigrationRecorder(connection).record_unapplied("audit", newest)
    assert read_schema().missing == [f"audit.{newest}"]
    with pytest.raises(CommandError, match=r"run manage\.py migrate, or start without --no-migrate"):
        migrate_if_needed(allowed=False)
