"""nginx with deploy/nginx/gatehouse.conf and a certificate of its own making, in front of Gatehouse."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.infrastructure.installation import ROOT
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.infrastructure.tls import make_certificate

CONFIGURATION = ROOT / "deploy" / "nginx" / "gatehouse.conf"
HOST = "gatehouse.example.com"  # as it stands in the file
BASE_URL = f"https://{HOST}"
# What an installation has to know of it.
ENVIRONMENT = {"BASE_URL": BASE_URL, "BEHIND_PROXY": "1"}


class Detour(HTTPAdapter):
    """Sends what is meant for the host to a port of this machine, and leaves it as it is otherwise."""

    def __init__(self, port: int, source: str) -> None:
        self.port, self.source = port, source
        super().__init__(pool_maxsize=32)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        names = {"server_hostname": HOST, "assert_hostname": HOST, "source_address": (self.source, 0)}
        super().init_poolmanager(connections, maxsize, block, **options, **names)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        sent = request.copy()
        sent.url = (request.url or "").replace(BASE_URL, f"https://127.0.0.1:{self.port}", 1)
        sent.headers["Host"] = HOST
        answer = super().send(sent, *arguments, **options)
        answer.request, answer.url = request, request.url or ""
        return answer


@dataclass
class Front:
    """nginx at ports of its own, which clients take for 443 and 80 of the host."""

    folder: Path
    https: int
    http: int

    def session(self, source: str = "127.0.0.1") -> requests.Session:
        """A client that keeps cookies and asks from this address of the machine."""
        session = requests.Session()
        session.mount(BASE_URL, Detour(self.https, source))
        session.verify = str(self.folder / "tls.crt")
        session.trust_env = False  # a certificate authority of the environment would replace ours
        return session

    def curl(self, path: str, *options: str, scheme: str = "https", host: str = HOST) -> str:
        """What curl writes: the headers of the answer and its body."""
        done = self.run(f"{scheme}://{host}{path}", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self, path: str, *options: str, scheme: str = "https") -> int:
        last = re.findall(r"^HTTP/[\d.]+ (\d{3})", self.curl(path, *options, scheme=scheme), re.MULTILINE)
        return int(last[-1])

    def run(self, url: str, *options: str) -> subprocess.CompletedProcess[str]:
        ports = {443: self.https, 80: self.http}
        leading = []
        for port, ours in ports.items():
            leading += ["--connect-to", f":{port}:127.0.0.1:{ours}"]
        command = ["curl", "-sS", "-i", "--cacert", str(self.folder / "tls.crt"), *leading, *options, url]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def in_front_of(ports: list[int], folder: Path) -> Iterator[Front]:
    """Run nginx in front of the instances at these ports; its certificate and log are in `folder`."""
    if not (folder / "tls.crt").exists():
        make_certificate(folder, HOST)
    front = Front(folder, https=free_port(), http=free_port())
    with Nginx(configuration(front, ports), front.https):
        yield front


def configuration(front: Front, instances: list[int]) -> str:
    """The file with this test's ports and paths; whatever else it says is what stands in it."""
    text = CONFIGURATION.read_text()
    servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in instances)
    for ours, theirs, count in (
        ("server 127.0.0.1:8000 max_fails=0;", servers, 1),
        ("listen 443 ", f"listen 127.0.0.1:{front.https} ", 2),
        ("listen [::]:443 ", f"listen [::1]:{front.https} ", 2),
        ("listen 80;", f"listen 127.0.0.1:{front.http};", 1),
        ("listen [::]:80;", f"listen [::1]:{front.http};", 1),
        ("/etc/ssl/certs/gatehouse.pem", str(front.folder / "tls.crt"), 1),
        ("/etc/ssl/private/gatehouse.key", str(front.folder / "tls.key"), 1),
        ("/var/log/nginx/gatehouse.log", str(front.folder / "access.log"), 2),
    ):
        assert text.count(ours) == count, ours
        text = text.replace(ours, theirs)
    return text
