"""A line to a server that can be cut at a chosen moment."""

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Passes on what comes to `port`, until it is told to cut the line.

    `cut_after(n)` lets n more messages of the client through and cuts the line before the answer to the last;
    `cut_before(n)` lets n through and cuts it before the next one reaches the server.
    `cut_during(n)` lets n through and cuts it while the server works on the last.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.left: int | None = None
        self.passes_last = self.awaits_answer = True
        self.stays_down = False
        self.is_down = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listener.close()

    def cut_after(self, messages: int, *, stays_down: bool = False) -> None:
        self.left, self.passes_last, self.stays_down = messages, True, stays_down

    def cut_before(self, messages: int, *, stays_down: bool = False) -> None:
        self.left, self.passes_last, self.stays_down = messages + 1, False, stays_down

    def cut_during(self, messages: int) -> None:
        self.cut_after(messages)
        self.awaits_answer = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.is_down:
                    client.close()
                else:
                    threading.Thread(target=self._relay, args=[client], daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(self.target) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is server:
                        client.sendall(data)
                    elif not self._is_last():
                        server.sendall(data)
                    else:
                        self._cut(server, data)
                        return

    def _is_last(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left == 0

    def _cut(self, server: socket.socket, data: bytes) -> None:
        self.left, self.is_down = None, self.stays_down
        if self.passes_last:
            server.sendall(data)
        if self.passes_last and self.awaits_answer:
            server.recv(65536)  # it has been done, and the client never hears of it
