"""A real Caddy for one test, with the recipe of docs/operating.md and a certificate of its own making."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.infrastructure.front import HOST, Front
from tests.infrastructure.installation import ROOT
from tests.infrastructure.processes import free_port
from tests.infrastructure.proxies import Proxy
from tests.infrastructure.tls import make_certificate

# What Caddy would otherwise take for granted of a machine that is its own.
GLOBAL = """\
{{
    admin off
    storage file_system {folder}
    skip_install_trust
    default_bind 127.0.0.1
    https_port {https}
    http_port {http}
}}
"""
RECIPE = re.compile(r"^```\n(gatehouse\.example\.com \{\n.*?^\})\n```", re.MULTILINE | re.DOTALL)


class Caddy(Proxy):
    """Serves a Caddyfile."""

    package = "caddy"

    def __init__(self, caddyfile: str, port: int) -> None:
        super().__init__(port)
        (self.folder / "Caddyfile").write_text(caddyfile)

    def command(self) -> Sequence[str]:
        caddyfile = str(self.folder / "Caddyfile")
        return ["/usr/bin/caddy", "run", "--config", caddyfile, "--adapter", "caddyfile"]


@contextmanager
def caddy_in_front_of(port: int, folder: Path) -> Iterator[Front]:
    """Run Caddy in front of the installation at this port."""
    make_certificate(folder, HOST)
    front = Front(folder, https=free_port(), http=free_port())
    text = GLOBAL.format(folder=folder, https=front.https, http=front.http) + recipe(front, port)
    with Caddy(text, front.https):
        yield front


def recipe(front: Front, port: int) -> str:
    """The recipe with this test's port and certificate; whatever else it says is what stands there."""
    found = RECIPE.search((ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))
    assert found
    text = found[1]
    certificate = f"{HOST} {{\n    tls {front.folder}/tls.crt {front.folder}/tls.key"
    for ours, theirs in (("127.0.0.1:8000", f"127.0.0.1:{port}"), (f"{HOST} {{", certificate)):
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    return text
