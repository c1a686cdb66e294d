"""An installation behind a proxy that ends TLS, as in production, with a certificate of its own making."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.infrastructure.installation import Installation
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port

CERTIFICATE = "openssl req -x509 -sha256 -nodes -newkey rsa:2048 -batch -days 2 -subj /CN=localhost"

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


@contextmanager
def behind_tls(folder: Path, environment: dict[str, str], rules: str = "") -> Iterator[str]:
    """Run an installation below `folder` and yield its https address; browsers must overlook who signed it.

    `rules` are further lines for the proxy.
    """
    folder.mkdir()
    keys = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    subprocess.run([*CERTIFICATE.split(), *keys], check=True, capture_output=True)
    port = free_port()
    address = f"https://localhost:{port}"
    settings = {**environment, "BASE_URL": address, "BEHIND_PROXY": "1"}
    with (
        Installation(folder / "gatehouse", settings) as running,
        Nginx(SITE.format(rules=rules, port=port, folder=folder, upstream=running.port), port),
    ):
        yield address
