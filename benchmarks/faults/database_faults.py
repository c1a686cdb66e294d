"""What can happen to a database."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg

from benchmarks.faults.scene import Scene
from benchmarks.server import ROOT
from tests.infrastructure.postgres import PostgresServer


def postgres_of(scene: Scene) -> PostgresServer:
    """Return the PostgreSQL server of a scene that has one."""
    assert scene.postgres is not None  # noqa: S101  # the kind that runs has one
    return scene.postgres


def file_of(scene: Scene) -> Path:
    """Return the SQLite file of a scene that has one."""
    assert scene.file is not None  # noqa: S101  # the kind that runs has one
    return scene.file


def restart(scene: Scene) -> None:
    """Kill PostgreSQL as a power cut would, start it; restart it as an administrator does."""
    postgres = postgres_of(scene)
    postgres.kill()
    postgres.start()
    time.sleep(4)
    stop(postgres)
    postgres.start()


def stay_away(scene: Scene) -> None:
    """Stop PostgreSQL for half a minute."""
    postgres = postgres_of(scene)
    stop(postgres)
    time.sleep(30)
    postgres.start()


def stop(postgres: PostgresServer) -> None:
    """Stop PostgreSQL as an administrator does ("fast")."""
    postgres.process.send_signal(signal.SIGINT)
    postgres.process.wait(timeout=20)


def hang(scene: Scene) -> None:
    """Let all processes of PostgreSQL stand still for ten seconds."""
    postgres = postgres_of(scene)
    postgres.send(signal.SIGSTOP)
    try:
        time.sleep(10)
    finally:
        postgres.send(signal.SIGCONT)


def only_read(scene: Scene) -> None:
    """Let PostgreSQL refuse to write for eight seconds."""
    for value, seconds in (("on", 8), ("off", 0)):
        with psycopg.connect(postgres_of(scene).url, autocommit=True) as other:
            other.execute("SET default_transaction_read_only = off")
            other.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
            other.execute("SELECT pg_reload_conf()")
        time.sleep(seconds)


def take_connections(scene: Scene) -> None:
    """Take every connection that PostgreSQL has, those that the server kept among them, for eight seconds."""
    url, until = postgres_of(scene).url, time.monotonic() + 8
    with ExitStack() as stack:
        first = stack.enter_context(psycopg.connect(url, autocommit=True))
        first.execute("SET application_name = 'thief'")
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError):
                while True:
                    taken = psycopg.connect(url, autocommit=True, application_name="thief")
                    stack.enter_context(taken)
            first.execute(OTHERS)
            time.sleep(0.02)


OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name <> 'thief' AND backend_type = 'client backend'
"""


def fill_disk(scene: Scene) -> None:
    """Leave no room on the database's disk for eight seconds; start PostgreSQL again if that ended it."""
    disk, until = scene.disk, time.monotonic() + 8
    assert disk is not None  # noqa: S101  # the kind that runs has one
    while time.monotonic() < until:
        disk.fill()  # also what was freed meanwhile
        time.sleep(0.2)
    disk.empty()
    if scene.postgres is not None and scene.postgres.process.poll() is not None:
        scene.postgres.start()


def lock(scene: Scene) -> None:
    """Let another program write to the SQLite file, in one transaction of ten seconds."""
    with closing(sqlite3.connect(file_of(scene), isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(10)
        other.execute("ROLLBACK")


def write(scene: Scene) -> None:
    """Let another program write to the SQLite file all the time, in short transactions."""
    command(scene, "-m", "benchmarks.faults.writing", "people", "12")


def prune(scene: Scene) -> None:
    """Let `prune` delete what has expired."""
    command(scene, "manage.py", "prune")


def command(scene: Scene, *arguments: str) -> None:
    """Run a command on the scene's database, to its end."""
    environment = scene.servers[0].environment
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def protect(scene: Scene) -> None:
    """Let nobody write to the SQLite file for eight seconds; workers that had it open are replaced."""
    file = file_of(scene)
    files = [file, *(file.with_name(f"{file.name}-{kind}") for kind in ("wal", "shm"))]
    modes = {each: each.stat().st_mode for each in [*files, file.parent] if each.exists()}
    for each, mode in modes.items():
        each.chmod(mode & ~0o222)
    for worker in scene.servers[0].workers():
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    time.sleep(8)
    for each, mode in modes.items():
        if each.exists():
            each.chmod(mode)
