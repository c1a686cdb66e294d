"""An installation is backed up while it serves, and restored elsewhere with all that people hold."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
import requests

from tests.infrastructure.authenticator import SoftAuthenticator
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.migrated import migrated_server
from tests.oauth_client import AUTHORIZE, TOKEN
from tests.stories.conftest import manage
from tests.stories.documents import examples
from tests.stories.owners import Owner, Visitor

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"


@dataclass
class Restored:
    """What was restored in a second folder, and what clients and a person hold of the first installation."""

    installation: Installation
    first: Installation
    backup: Path
    said: str
    owner: Owner
    application: dict[str, Any]
    refresh_token: str
    refreshed_meanwhile: list[int]

    @property
    def base_url(self) -> str:
        return self.installation.base_url


def refresh(base_url: str, application: dict[str, Any], token: str) -> requests.Response:
    credentials = {name: application[name] for name in ("client_id", "client_secret")}
    form = {"grant_type": "refresh_token", "refresh_token": token, **credentials}
    return requests.post(base_url + TOKEN, form, timeout=30)


def refresh_token(visitor: Visitor, application: dict[str, Any]) -> str:
    asked = {"client_id": application["client_id"], "response_type": "code", "redirect_uri": CALLBACK}
    redirect = visitor.allow(f"{visitor.base_url}{AUTHORIZE}?{urlencode(asked)}")
    code = parse_qs(urlsplit(redirect).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    credentials = {name: application[name] for name in ("client_id", "client_secret")}
    reply = requests.post(visitor.base_url + TOKEN, form | credentials, timeout=30)
    token: str = reply.json()["refresh_token"]
    return token


@contextlib.contextmanager
def refreshing(base_url: str, application: dict[str, Any], token: str) -> Iterator[list[int]]:
    """Let a client refresh one after the other in the block; the statuses that it gets."""
    ended, statuses = threading.Event(), []

    def run() -> None:
        latest = token
        while not ended.is_set():
            reply = refresh(base_url, application, latest)
            statuses.append(reply.status_code)
            latest = reply.json().get("refresh_token", latest)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def databases(kind: str) -> Iterator[list[dict[str, str]]]:
    """What leads two installations to a database each."""
    if kind == "sqlite":
        yield [{}, {}]
        return
    with migrated_server() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE second")
        yield [{"DATABASE_URL": server.url}, {"DATABASE_URL": f"{server.url.rpartition('/')[0]}/second"}]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def restored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restored]:
    folder = tmp_path_factory.mktemp("backup")
    backup = folder / "gatehouse.backup"
    with databases(request.param) as (one, other):
        first = Installation(folder / "first", ADMIN | one)
        second = Installation(folder / "second", other, first_run=True)
        with first:
            owner = Owner(Visitor(first.base_url), SoftAuthenticator(first.base_url))
            owner.set_up()
            options = ("--type", "web", "--name", "Kept", "--redirect-url", CALLBACK)
            application = manage(first, "create_application", *options)
            tokens = [refresh_token(owner.session, application) for _ in range(2)]
            with refreshing(first.base_url, application, tokens[1]) as statuses:
                made = first.manage("backup", str(backup))
            assert made.returncode == 0, made.stderr
            manage(first, "create_application", "--type", "machine_to_machine", "--name", "Later")
        done = second.manage("restore", str(backup))
        assert done.returncode == 0, done.stderr
        with second:
            yield Restored(second, first, backup, done.stdout, owner, application, tokens[0], statuses)


@pytest.mark.spec("O-40", "operation")
def test_who_writes_meanwhile_is_served(restored: Restored) -> None:
    assert len(restored.refreshed_meanwhile) > 3
    assert set(restored.refreshed_meanwhile) == {200}


@pytest.mark.spec("O-43", "operation")
def test_a_session_goes_on(restored: Restored) -> None:
    assert restored.owner.session_at(restored.base_url).is_signed_in()


@pytest.mark.spec("O-43", "operation")
def test_a_refresh_token_is_good(restored: Restored) -> None:
    assert refresh(restored.base_url, restored.application, restored.refresh_token).status_code == 200


@pytest.mark.spec("O-43", "operation")
def test_an_authenticator_app_is_good(restored: Restored) -> None:
    assert restored.owner.signed_in_with_app(restored.base_url)


@pytest.mark.spec("O-43", "operation")
def test_a_recovery_code_is_good(restored: Restored) -> None:
    assert restored.owner.signed_in_with_recovery_code(restored.base_url)


@pytest.mark.spec("O-43", "operation")
def test_a_passkey_is_good(restored: Restored) -> None:
    assert restored.owner.signed_in_with_passkey(restored.base_url)


@pytest.mark.spec("O-43", "operation")
def test_what_came_after_the_backup_is_not_there(restored: Restored) -> None:
    page = restored.owner.session_at(restored.base_url).page("/console/applications/")
    assert "Kept" in page.text
    assert "Later" not in page.text


@pytest.mark.spec("O-41", "ASVS 13.3.2")
def test_the_backup_is_its_owners_alone_and_says_what_is_in_it(restored: Restored) -> None:
    assert stat.S_IMODE(restored.backup.stat().st_mode) == 0o600
    assert [each.name for each in restored.backup.parent.glob(".*")] == []
    with tarfile.open(restored.backup) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile(names[0]))  # type: ignore[arg-type]
    assert names[0] == "manifest.json"
    assert set(manifest["files"]) == set(names[1:])
    assert manifest["base_url"] == restored.first.base_url
    assert "oauthapps.0001_initial" in manifest["migrations"]


@pytest.mark.spec("O-42", "operation")
def test_the_key_is_restored_with_the_database(restored: Restored) -> None:
    keys = [each.folder / "var" / "secret_key" for each in (restored.first, restored.installation)]
    assert keys[0].read_text() == keys[1].read_text()
    assert stat.S_IMODE(keys[1].stat().st_mode) == 0o600
    assert f"Restored {restored.first.base_url} as it was at " in restored.said


@pytest.mark.spec("O-44", "operation")
def test_an_installation_that_is_used_is_not_restored_over(restored: Restored) -> None:
    done = restored.installation.manage("restore", str(restored.backup))
    assert done.returncode == 1
    assert "In the way: the database" in done.stderr
    assert restored.owner.session_at(restored.base_url).is_signed_in()


@pytest.mark.spec("O-44", "operation")
def test_another_kind_of_database_is_refused(restored: Restored, tmp_path: Path) -> None:
    kind = "sqlite" if "DATABASE_URL" in restored.installation.environment else "postgresql"
    url = {} if kind == "sqlite" else {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    other = Installation(tmp_path / "gatehouse", url, first_run=True)
    done = other.manage("restore", str(restored.backup))
    assert done.returncode == 1
    assert "and DATABASE_URL leads to one in" in done.stderr


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """One that does not serve, on SQLite."""
    installation = Installation(tmp_path_factory.mktemp("quiet") / "gatehouse", {})
    manage(installation, "organization")  # which makes its key
    return installation


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "empty", {}, first_run=True)


@pytest.fixture(scope="module")
def backup(installation: Installation) -> Path:
    file = installation.folder.with_name("gatehouse.backup")
    done = installation.manage("backup", str(file))
    assert done.returncode == 0, done.stderr
    return file


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a command that has refused."""
    assert done.returncode == 1, done.stdout
    [line] = done.stderr.splitlines()
    return line


def in_var(installation: Installation) -> set[str]:
    folder = installation.folder / "var"
    return {each.name for each in folder.iterdir()} if folder.exists() else set()


@pytest.mark.spec("O-41", "operation")
def test_a_backup_replaces_no_file(installation: Installation, backup: Path) -> None:
    before = backup.read_bytes()
    assert refusal(installation.manage("backup", str(backup))).endswith("A backup replaces no file.")
    assert backup.read_bytes() == before


@pytest.mark.spec("O-41", "operation")
@pytest.mark.parametrize("target", ["backup", "-"])
def test_without_room_nothing_is_left_and_the_error_says_so(
    installation: Installation, tmp_path: Path, target: str
) -> None:
    before = in_var(installation)
    python = f"{installation.folder}/.venv/bin/python"
    limited = ["bash", "-c", 'ulimit -f 64; "$@" > "$0"', "/dev/full", python, "manage.py", "backup"]
    place = str(tmp_path / target) if target != "-" else target
    done = subprocess.run(
        [*limited, place],
        cwd=installation.folder,
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "can't be" in refusal(done)
    assert list(tmp_path.iterdir()) == []
    assert in_var(installation) == before


@pytest.mark.spec("O-41", "operation")
def test_a_full_pipe_is_said_to_be_full(installation: Installation) -> None:
    python = str(installation.folder / ".venv" / "bin" / "python")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [python, "manage.py", "backup", "-"],
            cwd=installation.folder,
            env=installation.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode
    assert "The backup can't be written to standard output: No space left on device." in done.stderr


@pytest.mark.spec("O-41", "operation")
def test_a_folder_that_is_missing_is_named(installation: Installation, tmp_path: Path) -> None:
    said = refusal(installation.manage("backup", str(tmp_path / "missing" / "file")))
    assert said.endswith(f"The backup can't be written to {tmp_path}/missing: No such file or directory.")


@pytest.mark.spec("O-41", "operation")
def test_a_backup_that_is_terminated_leaves_nothing(installation: Installation) -> None:
    before = in_var(installation)
    process = subprocess.Popen(
        [installation.folder / ".venv" / "bin" / "python", "manage.py", "backup", "-"],
        cwd=installation.folder,
        env=installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    process.stdout.read(1)  # it has begun to write, and nobody reads on
    assert in_var(installation) != before
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.stdout.close()
    assert process.wait(timeout=10)
    assert in_var(installation) == before


@pytest.mark.spec("O-40", "operation")
@pytest.mark.parametrize(
    ("path", "said"), [("nowhere", "pg_dump is missing."), (os.environ["PATH"], "pg_dump failed: ")]
)
def test_what_pg_dump_lacks_is_said(tmp_path: Path, path: str, said: str) -> None:
    require("postgresql")
    environment = {"DATABASE_URL": "postgresql://nobody:a-password@127.0.0.1:1/none"}
    installation = Installation(tmp_path / "gatehouse", environment, first_run=True)
    installation.environment["PATH"] = path
    line = refusal(installation.manage("backup", str(tmp_path / "backup")))
    assert said in line
    assert "a-password" not in line
    assert not (tmp_path / "backup").exists()


def changed(backup: Path, folder: Path, **changes: Any) -> Path:
    """A copy of a backup whose manifest says something else."""
    file = folder / "changed.backup"
    with tarfile.open(backup) as old, tarfile.open(file, "w") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name == "manifest.json":
                data = json.dumps(json.loads(data) | changes).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return file


@pytest.mark.spec("O-44", "operation")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"migrations": ["accounts.0001_initial", "accounts.9999_from_the_future"]}, "newer than this code"),
        ({"format": 2}, "This backup has format 2"),
        ({"product": "Lighthouse"}, "This isn't a backup of Gatehouse"),
        ({"files": {}}, "This backup isn't whole"),
        ({"migrations": [["accounts.0001_initial"]]}, "This isn't a backup of Gatehouse"),
    ],
)
def test_a_backup_that_is_not_for_this_code_is_refused(
    empty: Installation, backup: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    line = refusal(empty.manage("restore", str(changed(backup, tmp_path, **changes))))
    assert said in line
    assert in_var(empty) == set()


@pytest.mark.spec("O-44", "operation")
def test_a_manifest_of_lists_in_lists_is_none(empty: Installation, tmp_path: Path) -> None:
    file, text = tmp_path / "nested.backup", b"[" * 100_000
    with tarfile.open(file, "w") as new:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(text)
        new.addfile(member, io.BytesIO(text))
    assert "This isn't a backup of Gatehouse" in refusal(empty.manage("restore", str(file)))
    assert in_var(empty) == set()


@pytest.mark.spec("O-44", "operation")
@pytest.mark.parametrize("damage", ["no backup", "cut", "a byte"])
def test_a_damaged_backup_changes_nothing(
    empty: Installation, backup: Path, tmp_path: Path, damage: str
) -> None:
    data = bytearray(backup.read_bytes())
    if damage == "no backup":
        data[:] = b"PK" * 5000
    elif damage == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 1
    file = tmp_path / "damaged.backup"
    file.write_bytes(data)
    assert "This backup isn't whole" in (line := refusal(empty.manage("restore", str(file)))) or (
        "This isn't a backup" in line
    )
    assert in_var(empty) == set()


@pytest.mark.spec("O-44", "operation")
def test_a_key_that_was_here_before_is_in_the_way(empty: Installation, backup: Path) -> None:
    key = empty.folder / "var" / "secret_key"
    key.parent.mkdir(mode=0o700)
    key.write_text("the key of an installation whose database is elsewhere\n")
    assert f"In the way: {key}" in refusal(empty.manage("restore", str(backup)))
    assert key.read_text() == "the key of an installation whose database is elsewhere\n"
    assert in_var(empty) == {"secret_key"}


@pytest.mark.spec("O-42", "operation")
def test_another_key_in_the_environment_is_refused_and_the_right_one_is_left_there(
    empty: Installation, installation: Installation, backup: Path
) -> None:
    empty.environment["SECRET_KEY"] = "another-key-than-that-of-the-backup-0123456789"
    assert "SECRET_KEY in the environment isn't the key" in refusal(empty.manage("restore", str(backup)))
    assert in_var(empty) == set()
    key = (installation.folder / "var" / "secret_key").read_text().strip()
    empty.environment["SECRET_KEY"] = key
    done = empty.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert in_var(empty) == {"gatehouse.sqlite3"}


@pytest.mark.spec("O-42", "operation")
def test_a_key_from_the_environment_is_in_the_backup(empty: Installation, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", {"SECRET_KEY": "a-key-in-the-environment-0123456789"})
    made = installation.manage("backup", str(tmp_path / "backup"))
    assert "SECRET_KEY is from the environment." in made.stdout
    done = empty.manage("restore", str(tmp_path / "backup"))
    assert "SECRET_KEY was in the environment there; here it is in var/secret_key." in done.stdout
    assert (empty.folder / "var" / "secret_key").read_text() == "a-key-in-the-environment-0123456789\n"


@pytest.mark.spec("O-45", "operation")
def test_a_backup_is_encrypted_to_a_public_key_as_the_documentation_says(
    empty: Installation, installation: Installation, tmp_path: Path
) -> None:
    require("openssl")
    make, encrypt, decrypt = [
        each.command for each in examples("docs/operating.md") if each.heading == "Encrypted backups"
    ]

    def typed(command: str, folder: Path) -> None:
        command = command.replace("/path/to", str(tmp_path))
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=installation.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    typed(make, tmp_path)
    typed(encrypt, installation.folder)
    encrypted = (tmp_path / "gatehouse.cms").read_bytes()
    assert b"manifest.json" not in encrypted
    assert b"SQLite format 3" not in encrypted
    typed(decrypt, empty.folder)
    keys = [each.folder / "var" / "secret_key" for each in (installation, empty)]
    assert keys[0].read_text() == keys[1].read_text()
