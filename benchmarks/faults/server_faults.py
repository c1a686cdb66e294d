"""What can happen to the server's own processes, its clock, and its clients."""

import os
import random
import signal
import socket
import time
from contextlib import ExitStack, suppress

from benchmarks.faults.scene import Scene
from tests.infrastructure.processes import is_running
from tests.infrastructure.wire import allow_files

HOUR = 3600


def kill_workers(scene: Scene) -> None:
    """Kill one worker after the other, at random, every second or two."""
    for _ in range(8):
        workers = scene.servers[0].workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)  # noqa: S311  # no secret
        time.sleep(random.uniform(1, 2))  # noqa: S311  # no secret


def kill_servers(scene: Scene) -> None:
    """Kill all of the server, at random moments; it is started again."""
    for _ in range(3):
        scene.servers[0].kill()
        time.sleep(random.uniform(3, 5))  # noqa: S311  # no secret


def upgrade(scene: Scene) -> None:
    """Replace one instance behind the proxy after the other, as docs/upgrading.md has it."""
    for _ in range(2):
        for server in scene.servers:
            old = server.process.pid
            server.process.terminate()
            while is_running(old):
                time.sleep(0.05)
            server.wait_until_it_answers()
            time.sleep(1)


def stand_about(scene: Scene) -> None:
    """Hold 1,100 connections that are silent, and 8 with half a form."""
    allow_files(4000)
    head = f"POST /integrations/oauth2/api/v1/token HTTP/1.1\r\nHost: 127.0.0.1:{scene.port}\r\n"
    half = f"{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant"
    with ExitStack() as stack:
        for n in range(1108):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", scene.port), timeout=15))
            if n % 138 == 0 and n:
                line.sendall(half.encode())
        time.sleep(8)


def move_clock(scene: Scene) -> None:
    """Set the server's clock ahead by three hours, back, three hours behind, and right again."""
    file = scene.servers[0].environment["FAKETIME_TIMESTAMP_FILE"]
    for hours in (3, 0, -3, 0):
        # While it is ahead, what is good for an hour is over: it must come back with the clock.
        scene.ledger.clock = hours or scene.ledger.clock
        set_clock(file, hours)
        time.sleep(1)  # what was under way is answered
        scene.ledger.clock = hours
        time.sleep(3)


def set_clock(file: str, hours: int) -> None:
    """Move the clock of processes that look at a file for it."""
    new = f"{file}.new"
    with open(new, "w") as written:  # noqa: PTH123
        written.write(f"{hours * HOUR:+d}s\n")
    os.replace(new, file)  # noqa: PTH105
