"""A mail server for one test, which says what it was told and keeps what it was sent."""

import base64
import contextlib
import socketserver
import ssl
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self


class MailServer:
    """Serves between `with MailServer() as server:` and the end of the block, on a port of this machine.

    Args:
        password: what a login needs; without one there is none.
        certificate: the files of a certificate and its key, for STARTTLS; without them there is none.
        host: the address it listens on.
    """

    def __init__(
        self, password: str = "", certificate: tuple[Path, Path] | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.password = password
        self.certificate = certificate
        self.commands: list[str] = []
        self.emails: list[str] = []
        mail_server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                session = Session(self, mail_server)
                with contextlib.closing(session):
                    session.talk()

        self.server = socketserver.ThreadingTCPServer((host, 0), Handler)
        self.port: int = self.server.server_address[1]

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()


class Session:
    """One connection (RFC 5321)."""

    def __init__(self, handler: socketserver.StreamRequestHandler, server: MailServer) -> None:
        self.connection, self.file, self.server = handler.connection, handler.rfile, server
        self.is_encrypted = False

    def talk(self) -> None:
        self.say("220 ready")
        while line := self.file.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            self.server.commands.append(verb.upper())
            getattr(self, f"do_{verb.lower()}", self.agree)(rest)
            if verb.upper() == "QUIT":
                return

    def close(self) -> None:
        self.file.close()
        self.connection.close()

    def say(self, line: str) -> None:
        self.connection.sendall(f"{line}\r\n".encode())

    def agree(self, _: str) -> None:
        self.say("250 ok")

    def do_ehlo(self, _: str) -> None:
        offers = ["STARTTLS"] if self.server.certificate and not self.is_encrypted else []
        offers += ["AUTH PLAIN"] if self.server.password else []
        for each in ["localhost", *offers]:
            self.say(f"250-{each}")
        self.say("250 SIZE")

    def do_starttls(self, _: str) -> None:
        assert self.server.certificate
        self.say("220 go ahead")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.server.certificate)
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.connection.close()  # who asked did not like the certificate
            raise
        self.file = self.connection.makefile("rb")
        self.is_encrypted = True

    def do_auth(self, rest: str) -> None:
        said = base64.b64decode(rest.rpartition(" ")[2]).decode().split("\0")
        is_right = said[-1] == self.server.password
        self.say("235 ok" if is_right else f"535 wrong password {said[-1]}")

    def do_data(self, _: str) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.file.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.emails.append("\n".join(lines))
        self.say("250 taken")

    def do_quit(self, _: str) -> None:
        self.say("221 bye")
