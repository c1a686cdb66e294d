"""An installation behind a proxy that ends TLS, as in production, with a certificate of its own making."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.infrastructure.installation import Installation
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port

CERTIFICATE = "openssl req -x509 -sha256 -nodes -newkey rsa:2048 -batch -days 2"

SITE = """\
upstream gatehouse {{ server 127.0.0.1:{upstream}; }}
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/tls.crt;
    ssl_certificate_key {folder}/tls.key;
    {rules}
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-For $remote_addr;
    location / {{ proxy_pass http://gatehouse; }}
}}
"""


def make_certificate(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """Make a certificate for a host, signed by itself, and its key, as files in a folder."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    names = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*CERTIFICATE.split(), *names, *files], check=True, capture_output=True)
    return certificate, key


@contextmanager
def behind_tls(folder: Path, environment: dict[str, str], rules: str = "") -> Iterator[str]:
    """Run an installation below `folder` and yield its https address; browsers must overlook who signed it.

    `rules` are further lines for the proxy.
    """
    folder.mkdir()
    make_certificate(folder)
    port = free_port()
    address = f"https://localhost:{port}"
    settings = {**environment, "BASE_URL": address, "BEHIND_PROXY": "1"}
    with (
        Installation(folder / "gatehouse", settings) as running,
        Nginx(SITE.format(rules=rules, port=port, folder=folder, upstream=running.port), port),
    ):
        yield address
