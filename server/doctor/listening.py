"""On which addresses of this machine this installation is served, as Linux tells it."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from django.conf import settings

from server.doctor.findings import Finding, ok, warning

PROCESSES = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True)
class Listener:
    """An address and port that requests are taken at."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        """Return it as in a URL."""
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)  # noqa: PLR2004
        return f"{host}:{self.port}"


def check_listening() -> Iterator[Finding]:
    """Can anybody get past the proxy, or beyond this machine to what has none?"""
    found = sorted(set(listeners(server_sockets())), key=str)
    beyond = [str(each) for each in found if not each.address.is_loopback]
    if not found:
        yield ok("No server of this installation runs on this machine, as this user.")
    elif not beyond:
        yield ok(f"The server listens on {', '.join(map(str, found))}, for this machine alone.")
    elif settings.TRUSTED_PROXIES:
        yield warning(
            f"The server listens on {', '.join(beyond)}: past the proxy, anybody can forge an IP address.",
            "Use --host 127.0.0.1 for a proxy on this machine; otherwise admit the proxy alone (firewall).",
        )
    else:
        yield warning(
            f"The server listens on {', '.join(beyond)} in plain http, beyond this machine.",
            "Use --host 127.0.0.1, and a proxy that terminates TLS.",
        )


def server_sockets() -> set[str]:
    """Return the inodes of the sockets of the processes that serve this folder and can be looked into."""
    found: set[str] = set()
    for process in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"serve" in command and (process / "cwd").resolve() == settings.BASE_DIR:
                found |= {str(link.readlink()) for link in (process / "fd").iterdir()}
    return {name[len("socket:[") : -1] for name in found if name.startswith("socket:[")}


def listeners(inodes: set[str]) -> Iterator[Listener]:
    """Yield where some sockets listen."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROCESSES / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and columns[9] in inodes:
                    yield listener(columns[1])


def listener(local: str) -> Listener:
    """Return what a table of Linux's writes as an address of words in host order, and a port (proc(5))."""
    address, _, port = local.partition(":")
    words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return Listener(ip_address(socket.inet_ntop(family, packed)), int(port, 16))
