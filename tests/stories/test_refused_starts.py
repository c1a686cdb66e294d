"""An installation that lost its key, was moved, or fell behind its database."""

import sqlite3
import subprocess
from pathlib import Path

import pytest
import requests

from tests.infrastructure.installation import ADMIN, DATABASE, Installation
from tests.infrastructure.processes import free_port
from tests.stories.conftest import manage

pytestmark = pytest.mark.story

# Where commands are started by somebody who did not change into the folder first.
ELSEWHERE = "/"


def refused(installation: Installation, *options: str) -> str:
    """The one line with which a server, and the worker of a timer, refuse to start."""
    said = set()
    for command in (["serve", "--port", str(free_port()), *options], ["prune"]):
        done = installation.manage(*command)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        said.add(done.stderr)
    (line,) = said
    assert line.count("\n") == 1, line
    return line


@pytest.mark.spec("O-61", "ASVS 13.3.1")
def test_a_key_that_is_lost_is_asked_for_and_not_replaced(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", ADMIN, first_run=True)
    key = installation.folder / "var" / "secret_key"
    people = ("create_user", "--username", "bo", "--email", "bo@example.org", "--role", "member")
    manage(installation, *people, "--password-stdin", stdin="correct horse battery\n")
    lost = key.read_text()
    key.unlink()
    line = refused(installation)
    assert "set SECRET_KEY to the key that it was used with" in line
    assert str(key) in line
    key.write_text(lost)
    manage(installation, "prune")


@pytest.mark.spec("O-64", "operation")
def test_a_relative_path_of_a_database_means_the_same_wherever_a_command_is_started(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": "sqlite:///data/own.sqlite3"}
    installation = Installation(tmp_path / "gatehouse", environment, first_run=True)
    file = installation.folder / "data" / "own.sqlite3"
    file.parent.mkdir()
    python, script = installation.folder / ".venv/bin/python", installation.folder / "manage.py"
    subprocess.run([python, script, "migrate"], cwd=ELSEWHERE, env=installation.environment, check=True)
    assert file.exists()
    with installation:
        assert f"The database is SQLite, {file}.\n" in installation.log_text()


@pytest.mark.spec("O-63", "operation")
def test_what_runs_goes_on_when_the_database_is_upgraded_and_does_not_start_again(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", ADMIN)
    with installation:
        with sqlite3.connect(installation.folder / "var" / DATABASE) as database:
            row = "('oauthapps', '9999_what_comes_next', '2026-01-01')"
            database.execute(f"INSERT INTO django_migrations (app, name, applied) VALUES {row}")  # noqa: S608  # a row of our own
        database.close()
        assert "migrated by a newer version (oauthapps.9999_what_comes_next)" in refused(installation)
        for path in ("/readyz", "/accounts/login/"):
            assert requests.get(installation.base_url + path, timeout=30).status_code == 200
