"""`python -m benchmarks measure` prints tables; `serve FOLDER` waits for others to measure.

Both seed a PostgreSQL of their own, which keeps every promise about durability, and start the server as in
production: two workers, no access log.
"""

import argparse
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django

from benchmarks.faults.kinds import KINDS
from benchmarks.faults.table import run as break_things
from benchmarks.flood.table import run as flood
from tests.infrastructure.postgres import PostgresServer
from tests.infrastructure.processes import free_port

# As a small production server would have them; fsync and synchronous_commit are PostgreSQL's defaults: on.
POSTGRESQL = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
MANY = 5_000_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks for."""
    asked = command_line().parse_args(arguments)
    asked.command(asked)


def command_line() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    measuring = commands.add_parser("measure", help="print what each kind of request costs")
    measuring.set_defaults(command=measure)
    measuring.add_argument("--seconds", type=float, default=3, help="length of a round")
    measuring.add_argument("--rounds", type=int, default=3, help="rounds of each item; medians are printed")
    measuring.add_argument("--items", nargs="+", metavar="ITEM", help="only these, such as refresh or bearer")
    measuring.add_argument(
        "--large", action="store_true", help=f"also with {MANY} living tokens, and while prune runs"
    )
    serving = commands.add_parser("serve", help="serve seeded tables until Ctrl-C")
    serving.set_defaults(command=serve)
    serving.add_argument("folder", type=Path, help="where to write what a load driver must know")
    failing = commands.add_parser("faults", help="break things under load and count what that costs")
    failing.set_defaults(command=break_things)
    failing.add_argument(
        "--kinds", nargs="+", choices=KINDS, metavar="KIND", help=f"only these of {', '.join(KINDS)}"
    )
    failing.add_argument("--seconds", type=float, default=7, help="how long the load goes on afterward")
    flooding = commands.add_parser("flood", help="refuse thousands of requests beside good ones")
    flooding.set_defaults(command=flood)
    flooding.add_argument("--seconds", type=float, default=30, help="length of the flood")
    flooding.add_argument(
        "--before", type=float, default=10, help="how long good requests are measured alone"
    )
    flooding.add_argument("--refusals", type=int, default=2000, help="refused requests a second")
    flooding.add_argument("--good", type=int, default=300, help="good requests a second")
    for sub in (measuring, serving):
        sub.add_argument("--port", type=int, default=free_port(), help="port to serve on")
        sub.add_argument("--tokens", type=int, default=10_000, help="living tokens to begin with")
        sub.add_argument("--once", type=int, default=30_000, help="codes, and assertions, to make")
    return parser


@contextmanager
def installation(port: int) -> Iterator[PostgresServer]:
    """Make this process, and the servers it starts, an installation on a new database in the block."""
    with PostgresServer(POSTGRESQL) as database:
        os.environ |= {
            "DATABASE_URL": database.url,
            "BASE_URL": f"http://127.0.0.1:{port}",
            "SECRET_KEY": os.urandom(32).hex(),
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "HOUSEKEEPING": "0",  # what is deleted is deleted when it is measured
        }
        django.setup()
        yield database


def measure(asked: argparse.Namespace) -> None:
    """Print what each kind of request costs."""
    with installation(asked.port) as database:
        from benchmarks.measuring import measure_all  # noqa: PLC0415  # needs settings

        measure_all(asked, database, MANY)


def serve(asked: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    with installation(asked.port) as database:
        from benchmarks.handing_over import write  # noqa: PLC0415  # needs settings
        from benchmarks.seeds import add_living_tokens, make_seeds  # noqa: PLC0415
        from benchmarks.server import Server  # noqa: PLC0415

        seeds = make_seeds(asked.once, asked.once)
        add_living_tokens(seeds, 1, asked.tokens)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with Server(asked.port) as server:
            write(asked.folder, seeds, server, database)
            print(f"http://127.0.0.1:{asked.port} until Ctrl-C; {asked.folder}", flush=True)
            stop.wait()


main()
