"""Starting servers that do not outlive the tests."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

# Before a command: the modes of files count for root too, as they do for the user that should run a server.
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dying_with_parent(signal_name: str, *, user: str | None = None) -> list[str]:
    """What to put before a command so that it gets a signal when the test process dies, however it dies.

    The kernel clears that wish when a process changes its user, so the change to `user` is made here too.
    "Parent" is the thread that starts the command: start servers from a thread that lasts.
    """
    identity = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    if shutil.which("setpriv") is None:  # util-linux: on every Debian, not on every developer's machine
        return ["runuser", "-u", user, "--"] if user else []
    return ["setpriv", *identity, "--pdeathsig", signal_name]


def end(process: subprocess.Popen[bytes], number: signal.Signals, kill: Callable[[], None]) -> None:
    """Ends a process by a signal, and by `kill` if it is still there after ten seconds."""
    process.send_signal(number)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        kill()
        process.wait(timeout=10)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(entry.name))
    return sorted(found)


def workers_of(server: int) -> list[int]:
    """The processes of a server that answer requests, oldest first."""
    return [pid for pid in children_of(server) if name_of(pid) != "housekeeping"]


def housekeeper_of(server: int) -> int | None:
    """The process of a server that does housekeeping."""
    return next((pid for pid in children_of(server) if name_of(pid) == "housekeeping"), None)


def name_of(pid: int) -> str:
    """The name that a process goes by; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        return state != "Z" or threads_of(pid) > 1  # they hold its connections while they last
    except OSError:
        return False


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def sockets_of(pid: int) -> int:
    """How many sockets a process has open."""
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            links.append(entry.readlink().name)
    return len([link for link in links if link.startswith("socket:")])


def memory_of(pid: int) -> int:
    """How many bytes of memory a process occupies."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def listening_on(port: int) -> int:
    """How many sockets of this machine's IPv4 addresses listen on a port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return len([line for line in lines if line[1].endswith(f":{port:04X}") and line[3] == "0A"])
