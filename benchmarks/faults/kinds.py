"""The kinds of faults, and what stands while each of them happens."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults import database_faults, server_faults
from benchmarks.faults.ledger import Stock
from benchmarks.faults.scene import Scene
from benchmarks.faults.serving import Supervised, seed
from benchmarks.server import ROOT
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.postgres import PostgresServer, user_of_servers
from tests.infrastructure.processes import free_port
from tests.infrastructure.small_disk import ImpossibleHereError, SmallDisk

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
# Full durability, as PostgreSQL comes; few connections, so that they can be used up.
SETTINGS = {"max_connections": "40"}
SMALL = SETTINGS | {"max_wal_size": "48MB", "min_wal_size": "32MB", "shared_buffers": "32MB"}
DISK_MIB = 260
EXPIRED = 30_000
CONFIGURATION = ROOT / "deploy" / "nginx" / "gatehouse.conf"
# What that says of one machine: its certificate, its name, its log.
OF_THE_MACHINE = ("ssl_", "listen ", "server_name ", "access_log ")


@dataclass
class Stage:
    """Databases that are seeded once and serve several kinds.

    Attributes:
        stack: ends what was begun.
        folder: for files, until then.
    """

    stack: ExitStack
    folder: Path = field(init=False)
    seeded: Path | None = None
    shared: tuple[PostgresServer, dict[str, str], Stock] | None = None

    def __post_init__(self) -> None:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-faults-")))

    def postgresql(self) -> tuple[PostgresServer, dict[str, str], Stock]:
        """Return a PostgreSQL server with everything in it."""
        if self.shared is None:
            server = self.stack.enter_context(PostgresServer(SETTINGS))
            self.shared = server, seed(server.url), Stock()
        return self.shared

    def sqlite(self, folder: Path) -> tuple[Path, dict[str, str]]:
        """Put an SQLite file with everything in it into a folder."""
        if self.seeded is None:
            self.seeded = self.folder / "seeded.sqlite3"
            self.seeds = seed(f"sqlite:///{self.seeded}")
        file = folder / "gatehouse.sqlite3"
        with closing(sqlite3.connect(self.seeded)) as seeded, closing(sqlite3.connect(file)) as copy:
            seeded.backup(copy)
        return file, self.seeds


@contextmanager
def on_postgresql(stage: Stage) -> Iterator[Scene]:
    """PostgreSQL and a server."""
    postgres, seeds, stock = stage.postgresql()
    with Supervised(postgres.url) as server:
        yield Scene(seeds=seeds, stock=stock, servers=[server], port=server.port, postgres=postgres)


@contextmanager
def with_a_clock(stage: Stage) -> Iterator[Scene]:
    """PostgreSQL and a server whose clock can be moved."""
    if not FAKETIME.exists():
        raise ImpossibleHereError("needs libfaketime")
    file = stage.folder / "clock"
    server_faults.set_clock(str(file), 0)
    clock = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    postgres, seeds, stock = stage.postgresql()
    with Supervised(postgres.url, more=clock) as server:
        yield Scene(seeds=seeds, stock=stock, servers=[server], port=server.port, postgres=postgres)


@contextmanager
def behind_nginx(stage: Stage) -> Iterator[Scene]:
    """PostgreSQL and two servers behind nginx."""
    postgres, seeds, stock = stage.postgresql()
    front = free_port()
    more = {"BEHIND_PROXY": "1", "BASE_URL": f"http://127.0.0.1:{front}"}
    with Supervised(postgres.url, more=more) as first, Supervised(postgres.url, more=more) as second:
        servers = [first, second]
        with Nginx(site(front, [server.port for server in servers]), front):
            yield Scene(seeds=seeds, stock=stock, servers=servers, port=front, postgres=postgres)


@contextmanager
def on_small_disk(_stage: Stage) -> Iterator[Scene]:
    """PostgreSQL on a disk that can be filled, and a server."""
    user = user_of_servers()
    small = SmallDisk(DISK_MIB, user, through_proc=True)
    with small as disk, PostgresServer(SMALL, data=disk.folder / "data") as postgres:
        seeds = seed(postgres.url)
        with Supervised(postgres.url) as server:
            yield Scene(
                seeds=seeds, stock=Stock(), servers=[server], port=server.port, postgres=postgres, disk=disk
            )


@contextmanager
def on_sqlite(stage: Stage) -> Iterator[Scene]:
    """SQLite and a server."""
    with tempfile.TemporaryDirectory(dir=stage.folder) as folder:
        file, seeds = stage.sqlite(Path(folder))
        with Supervised(f"sqlite:///{file}") as server:
            yield Scene(seeds=seeds, stock=Stock(), servers=[server], port=server.port, file=file)


@contextmanager
def on_sqlite_with_expired(stage: Stage) -> Iterator[Scene]:
    """SQLite with work for `prune`, and a server."""
    with on_sqlite(stage) as scene:
        database_faults.command(scene, "-m", "benchmarks.faults.writing", "expired", str(EXPIRED))
        yield scene


@contextmanager
def on_small_sqlite(stage: Stage) -> Iterator[Scene]:
    """SQLite on a disk that can be filled, and a server."""
    with SmallDisk(DISK_MIB) as disk:
        file, seeds = stage.sqlite(disk.folder)
        with Supervised(f"sqlite:///{file}") as server:
            yield Scene(seeds=seeds, stock=Stock(), servers=[server], port=server.port, file=file, disk=disk)


def site(front: int, ports: list[int]) -> str:
    """Return what deploy/nginx/gatehouse.conf says, without TLS, for these servers."""
    text = CONFIGURATION.read_text()
    upstream = "".join(f"server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
    shared = text[: text.index("\nserver {")].replace("server 127.0.0.1:8000 max_fails=0;", upstream)
    lines = text[text.rindex("\nserver {") :].replace("$host;", "$http_host;").splitlines()
    kept = [line for line in lines if not line.lstrip().startswith(OF_THE_MACHINE)]
    return "\n".join([shared, *kept]).replace("\nserver {", f"\nserver {{\n    listen 127.0.0.1:{front};")


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        title: as the table has it.
        scene: makes what stands meanwhile.
        fault: lets it happen.
    """

    title: str
    scene: Callable[[Stage], AbstractContextManager[Scene]]
    fault: Callable[[Scene], None]


KINDS = {
    "workers": Kind("a worker killed every second or two", on_postgresql, server_faults.kill_workers),
    "server": Kind("all of the server killed, three times", on_postgresql, server_faults.kill_servers),
    "restart": Kind("PostgreSQL killed; restarted", on_postgresql, database_faults.restart),
    "stop": Kind("PostgreSQL stopped for 30 s", on_postgresql, database_faults.stay_away),
    "hang": Kind("PostgreSQL hangs for 10 s", on_postgresql, database_faults.hang),
    "read-only": Kind("PostgreSQL is read-only for 8 s", on_postgresql, database_faults.only_read),
    "no-connection": Kind(
        "PostgreSQL has no connection left for 8 s", on_postgresql, database_faults.take_connections
    ),
    "disk": Kind("PostgreSQL's disk is full for 8 s", on_small_disk, database_faults.fill_disk),
    "sqlite-workers": Kind(
        "SQLite: a worker killed every second or two", on_sqlite, server_faults.kill_workers
    ),
    "sqlite-server": Kind(
        "SQLite: all of the server killed, three times", on_sqlite, server_faults.kill_servers
    ),
    "sqlite-locked": Kind("SQLite locked for 10 s", on_sqlite, database_faults.lock),
    "sqlite-read-only": Kind("SQLite's file is read-only for 8 s", on_sqlite, database_faults.protect),
    "sqlite-disk": Kind("SQLite's disk is full for 8 s", on_small_sqlite, database_faults.fill_disk),
    "sqlite-writer": Kind("SQLite: another program writes for 12 s", on_sqlite, database_faults.write),
    "sqlite-prune": Kind(
        f"SQLite: `prune` deletes {EXPIRED:,} tokens", on_sqlite_with_expired, database_faults.prune
    ),
    "clock": Kind("the clock moves by 3 hours, ahead and back", with_a_clock, server_faults.move_clock),
    "upgrade": Kind("an upgrade of two instances behind nginx", behind_nginx, server_faults.upgrade),
    "standing": Kind("1,100 silent and 8 half-sent connections", on_postgresql, server_faults.stand_about),
}
