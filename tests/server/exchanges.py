"""Requests as granian hands them over, and what is seen of their answers."""

from typing import Any

from server.workers.exchange import Exchange


class Wire:
    """Where answers go."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.is_broken_off = False

    def response_bytes(self, status: int, *_: Any) -> None:
        self.answers.append(status)

    def response_iter(self, *_: Any) -> None:
        self.is_broken_off = True


def new_exchange(**environ: Any) -> Exchange:
    return Exchange(Wire(), {"REQUEST_METHOD": "POST", "PATH_INFO": "/", **environ}, None, None)


def answered(exchange: Exchange) -> list[int]:
    """The statuses of the answers to a request."""
    found: list[int] = exchange.protocol.answers
    return found


def is_broken_off(exchange: Exchange) -> bool:
    return bool(exchange.protocol.is_broken_off)
