"""Starting servers that do not outlive the tests."""

import shutil
import socket


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
