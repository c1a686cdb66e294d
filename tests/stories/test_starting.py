"""Several servers and commands start at once, on a database that has nothing yet."""

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.infrastructure.installation import Installation
from tests.infrastructure.postgres import PostgresServer
from tests.stories.conftest import OWN_PASSWORD, Person, choose_password, manage

pytestmark = pytest.mark.story

GONE = ["changepassword", "clearcimdapplications", "cleartokens", "createapplication", "createsuperuser"]


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'shared.sqlite3'}"
        return
    with PostgresServer() as server:
        yield server.url


@pytest.mark.spec("S-70", "ASVS 15.4.2")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_servers_that_start_at_once_on_an_empty_database_make_one_administrator(
    tmp_path: Path, kind: str
) -> None:
    with empty_database(kind, tmp_path) as url:
        environment = {"DATABASE_URL": url, "SECRET_KEY": "a-key-of-all-instances-0123456789abcdef"}
        servers = [Installation(tmp_path / name, environment, first_run=True) for name in ("a", "b", "c")]
        try:
            with ThreadPoolExecutor(len(servers)) as pool:  # the servers end with the thread that began them
                list(pool.map(Installation.start, servers))
                logs = "\n".join(server.log_text() for server in servers)
                passwords = re.findall(r"Password \(shown only once\): (\S+)", logs)
                assert len(passwords) == 1, logs
                choose_password(Person(servers[0].base_url), passwords[0], OWN_PASSWORD)
                for server in servers[1:]:
                    Person(server.base_url).sign_in("admin", OWN_PASSWORD)
                assert len({manage(server, "organization")["customer_id"] for server in servers}) == 1
        finally:
            for server in servers:
                server.kill()


@pytest.mark.spec("S-70", "ASVS 15.4.2")
def test_commands_that_meet_on_an_empty_database_all_do_their_work(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}"}
    installation = Installation(tmp_path / "gatehouse", environment, first_run=True)
    with ThreadPoolExecutor(3) as pool:
        printed = list(pool.map(lambda _: manage(installation, "organization"), range(3)))
    assert len({each["customer_id"] for each in printed}) == 1


@pytest.mark.spec("S-71", "ASVS 13.3.2")
@pytest.mark.parametrize("command", ["organization", "migrate", "check"])
def test_what_a_command_writes_is_its_owners_alone(tmp_path: Path, command: str) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}"}
    installation = Installation(tmp_path / "gatehouse", environment, first_run=True)
    before = os.umask(0o022)
    try:
        done = installation.manage(command)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    written = [*tmp_path.glob("shared.sqlite3*"), *(installation.folder / "var").rglob("*")]
    assert written
    assert {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in written} == {
        path.name: 0 for path in written
    }


@pytest.mark.spec("S-72", "ASVS 15.2.3")
def test_commands_that_would_fail_or_leave_no_record_are_gone(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", {}, first_run=True)
    listed = installation.manage("help", "--commands").stdout.split()
    assert {"create_user", "reset_user", "prune", "serve", "migrate"} <= set(listed)
    assert not set(GONE) & set(listed)
    for name in GONE:
        done: subprocess.CompletedProcess[str] = installation.manage(name)
        assert done.returncode == 1
        said = re.fullmatch(rf"There is no {name} here. Use manage.py (\w+)[ \w-]*\.\n", done.stderr)
        assert said, done.stderr
        assert said[1] in listed
