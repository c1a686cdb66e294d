"""The server's process for housekeeping: beside the workers, so that no request waits for it.

It is forked before the server has threads and sockets, asks every few seconds whether anything is due, and
is replaced when it dies. It ends, after the transaction under way, when it is told to or its server is gone.
"""

import contextlib
import logging
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from server.housekeeping.lease import LostLeaseError
from server.housekeeping.running import run_due

# Seconds between two looks at what is due, and before the first one.
LOOK_SECONDS, FIRST_LOOK_SECONDS = 5, 2
# Seconds before a process that died is replaced, and that one gets to finish what it is doing.
PAUSE_SECONDS, STOP_SECONDS = 1, 2
# Seconds that a transaction waits for another one to have written, on SQLite.
LOCK_SECONDS = 10
# As whom `ps` shows it.
NAME = "housekeeping"

log = logging.getLogger("gatehouse.housekeeping")


class Housekeeper:
    """Keeps one process that does housekeeping.

    Args:
        name: what records call its server.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        self.is_over = threading.Event()

    def start(self) -> None:
        """Start the process, and replace it whenever it dies."""
        self.fork()
        threading.Thread(target=self.replace, name=NAME, daemon=True).start()

    def fork(self) -> None:
        """Start the process."""
        server = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            keep_house(self.name, server)

    def replace(self) -> None:
        """Wait for the end of the process, and start another one unless it was told to end."""
        while True:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            if self.is_over.wait(PAUSE_SECONDS):
                return
            log.error("The process for housekeeping has died and is replaced")
            self.fork()

    def tell_to_stop(self) -> None:
        """Tell the process to end."""
        self.is_over.set()
        self.send(signal.SIGTERM)

    def stop(self) -> None:
        """Tell the process to end, and end it if it does not."""
        self.tell_to_stop()
        until = time.monotonic() + STOP_SECONDS
        while self.send(0) and time.monotonic() < until:
            time.sleep(0.02)
        self.send(signal.SIGKILL)

    def send(self, number: int) -> bool:
        """Send a signal, and return whether the process was still there."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


@contextlib.contextmanager
def housekeeping(port: int) -> Iterator[Housekeeper | None]:
    """Have a process do housekeeping during the block, unless that is off (HOUSEKEEPING).

    Args:
        port: the one that the server listens on.
    """
    if not settings.HOUSEKEEPING:
        yield None
        return
    housekeeper = Housekeeper(f"{socket.gethostname()}:{port}")
    housekeeper.start()
    try:
        yield housekeeper
    finally:
        housekeeper.stop()


def keep_house(name: str, server: int) -> NoReturn:
    """Do housekeeping until this process is told to end or its server is gone."""
    status = 1
    try:
        settle_down()
        look_again_and_again(f"{name}, process {os.getpid()}", stop_condition(server))
        status = 0
    except Exception:
        log.exception("The process for housekeeping has failed")
    finally:
        os._exit(status)


def settle_down() -> None:
    """Become a process of its own: with a name, without the server's sockets, its signals and its limits."""
    # SIGTERM is looked for, and Ctrl-C is for the server, which then sends that.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(NAME, encoding="utf-8")
    close_sockets()
    own: Any = connection
    if own.vendor == "sqlite":
        own.settings_dict["OPTIONS"]["timeout"] = LOCK_SECONDS


def close_sockets() -> None:
    """Let go of the sockets of a server that replaces this process, or its port would stay taken.

    Their numbers stay in use: objects of the server's still know them.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(nothing, number)


def stop_condition(server: int) -> Callable[[], bool]:
    """Return what tells whether to stop: this process was told to, or its server is gone."""
    return lambda: signal.SIGTERM in signal.sigpending() or os.getppid() != server


def look_again_and_again(holder: str, has_to_stop: Callable[[], bool]) -> None:
    """Run what is due, again and again; a database that is away costs one line of the log."""
    is_away, seconds = False, FIRST_LOOK_SECONDS
    while not stops_within(seconds, has_to_stop):
        seconds = LOOK_SECONDS
        try:
            run_due(holder, has_to_stop)
        except LostLeaseError:
            log.warning("Housekeeping was interrupted, and another process has taken over")
        except (DatabaseError, InterfaceError) as error:
            if not is_away:
                log.warning("Housekeeping waits for the database (%s)", type(error).__name__)
            is_away = True
            drop()
        else:
            is_away = False


def drop() -> None:
    """Connect anew the next time."""
    with contextlib.suppress(DatabaseError, InterfaceError):
        connection.close()


def stops_within(seconds: int, has_to_stop: Callable[[], bool]) -> bool:
    """Wait so many seconds, and return whether to stop; sooner if so."""
    for _ in range(seconds):
        if has_to_stop() or signal.sigtimedwait({signal.SIGTERM}, 1):
            return True
    return has_to_stop()
