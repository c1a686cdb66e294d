"""A server that answers every connection with what a test wrote, byte by byte, encrypted or not."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.infrastructure.tls import make_certificate

Answering = Callable[[socket.socket, bytes], None]


def answer(
    body: bytes, *, status: str = "200 OK", headers: str = "Content-Type: application/json"
) -> Answering:
    """Answers a request, and closes the connection."""

    def send(line: socket.socket, _: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body)

    return send


class LineServer:
    """Listens on a port of this machine until it is left.

    `requests` are the bytes that came, up to the empty line; `names` the hosts that TLS clients asked for.
    """

    def __init__(
        self, answering: Answering, *, host: str = "127.0.0.1", tls: tuple[Path, Path] | None = None
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = int(self.listener.getsockname()[1])
        self.answering = answering
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.context = self.tls_context(*tls) if tls else None

    @classmethod
    def with_tls(cls, answering: Answering, folder: Path, name: str) -> Self:
        """One that has a certificate for a name."""
        return cls(answering, tls=make_certificate(folder, name))

    def tls_context(self, certificate: Path, key: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        return context

    def __enter__(self) -> Self:
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=[line], daemon=True).start()

    def serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(line.close)
            if self.context:
                line = stack.enter_context(self.context.wrap_socket(line, server_side=True))
            request = b""
            while b"\r\n\r\n" not in request and (came := line.recv(65536)):
                request += came
            self.requests.append(request)
            self.answering(line, request)
