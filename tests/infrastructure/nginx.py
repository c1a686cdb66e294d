"""A real nginx for one test, in a folder of its own and gone afterward."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.infrastructure.leaving_out import require
from tests.infrastructure.processes import dying_with_parent

# Everything nginx would otherwise read or write below /etc, /run and /var. Its workers stay with the user who
# runs the tests: Debian's own user could not reach a temporary folder of root's.
MAIN = """\
{user}
worker_processes 1;
pid pid;
error_log stderr warn;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


class Nginx:
    """Serves a site's configuration between `with Nginx(site, port):` and the end of the block."""

    def __init__(self, site: str, port: int) -> None:
        require("nginx")
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-nginx-"))
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(user=user))
        (self.folder / "site.conf").write_text(site)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._kill()
        self._remove()

    def log_text(self) -> str:
        """What nginx has complained about."""
        return (self.folder / "log").read_text()

    def _start(self) -> None:
        nginx = ["/usr/sbin/nginx", "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*dying_with_parent("TERM"), *nginx, "-g", "daemon off;"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is for pytest, which then ends the server itself
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        self._kill()
        raise AssertionError(f"nginx did not start:\n{self.log_text()}")

    def _kill(self) -> None:
        """Ends the main process and its workers, which share its group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
