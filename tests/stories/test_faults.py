"""What breaks under a running server, while clients refresh: they go on, and nobody restarts anything."""

import os
import random
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from tests.infrastructure.installation import ADMIN, DATABASE, Installation, prepared
from tests.infrastructure.processes import children_of, sockets_of
from tests.infrastructure.small_disk import ImpossibleHereError, SmallDisk
from tests.oauth_client import ME
from tests.stories.chains import bearer, get, refreshing, until_refreshed, web_client
from tests.stories.clients import Client

pytestmark = pytest.mark.story

# What two workers have open that is no connection, and room for more.
MOST_FILES = 120


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A server that may be killed: what is left of it at the end is ended."""
    running = Installation(tmp_path_factory.mktemp("faults") / "gatehouse", ADMIN)
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def client(on_sqlite: Installation) -> Client:
    return web_client(on_sqlite)


@pytest.mark.spec("O-140", "operation")
def test_workers_that_die_at_random_lose_nothing(on_sqlite: Installation, client: Client) -> None:
    with refreshing(client, 6) as chains:
        for _ in range(4):
            time.sleep(random.uniform(0.3, 1))  # noqa: S311  # no secret
            with suppress(ProcessLookupError):
                os.kill(random.choice(children_of(on_sqlite.pid)), signal.SIGKILL)  # noqa: S311  # no secret
        until_refreshed(chains, 3)


@pytest.mark.spec("O-140", "operation")
def test_a_server_that_dies_and_starts_again_loses_nothing(on_sqlite: Installation, client: Client) -> None:
    with refreshing(client, 6) as chains:
        time.sleep(random.uniform(0.3, 1))  # noqa: S311  # no secret
        on_sqlite.kill()
        on_sqlite.start()
        until_refreshed(chains, 3)


@pytest.mark.spec("O-141", "operation")
@pytest.mark.spec("O-142", "operation")
def test_a_file_that_could_not_be_written_is_written_again(on_sqlite: Installation, client: Client) -> None:
    """Workers that begin meanwhile find a file that only reads, and share what they have found out."""
    file = on_sqlite.folder / "var" / "gatehouse.sqlite3"
    modes = {each: each.stat().st_mode for each in (*file.parent.glob(f"{file.name}*"), file.parent)}
    with refreshing(client, 8) as chains:
        until_refreshed(chains, 5)
        token = chains[0].access_token
        for each, mode in modes.items():
            each.chmod(mode & ~0o222)
        try:
            for worker in children_of(on_sqlite.pid):
                os.kill(worker, signal.SIGKILL)
            reads_for(client, token, 4)
            assert all(chain.said["503 temporarily_unavailable"] for chain in chains)
            assert open_files(on_sqlite) < MOST_FILES
        finally:
            for each, mode in modes.items():
                each.chmod(mode)
        until_refreshed(chains, 5)


def reads_for(client: Client, token: str, seconds: float) -> None:
    """Insist that whoever only reads goes on once there are workers again."""
    until, statuses = time.monotonic() + seconds, []
    while time.monotonic() < until:
        with suppress(requests.ConnectionError):
            statuses.append(get(client.base + ME, headers=bearer(token))[0].status_code)
        time.sleep(0.02)
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


def open_files(server: Installation) -> int:
    pids = children_of(server.pid)
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) - sockets_of(pid) for pid in pids)


@pytest.mark.spec("O-143", "operation")
def test_sqlites_disk_is_full_for_a_while(tmp_path: Path) -> None:
    try:
        disk = SmallDisk(16).__enter__()
    except ImpossibleHereError as reason:
        pytest.skip(str(reason))  # few may mount: REQUIRE_ALL cannot ask for it
    with ExitStack() as stack:
        stack.push(disk)
        environment = {
            **ADMIN,
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": f"sqlite:///{disk.folder}/{DATABASE}",
        }
        shutil.copy(prepared() / DATABASE, disk.folder)
        running = stack.enter_context(Installation(tmp_path / "gatehouse", environment))
        rides_out(web_client(running), disk)


def rides_out(client: Client, disk: SmallDisk) -> None:
    """Insist that clients go on after a disk was full, and that those who only read do meanwhile."""
    with refreshing(client, 4) as chains:
        until_refreshed(chains, 5)
        token = chains[0].access_token
        disk.fill()
        deadline = time.monotonic() + 10
        while not all(chain.said["503 temporarily_unavailable"] for chain in chains):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert get(client.base + ME, headers=bearer(token))[0].status_code in (200, 503)
        disk.empty()
        until_refreshed(chains, 10)
